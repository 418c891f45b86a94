using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// Read-only access to a lower layer. It has no way to write, and the transport beneath refuses every method but GET and HEAD (rule W1).
/// The outcome of a GET or HEAD is returned; any other failed call throws a <see cref="RemoteException"/>. Retries come first, within their
/// budget.
/// </summary>
public interface IRemote
{
    /// <summary>The configured endpoint: scheme, host and port. Part of a cache entry's identity.</summary>
    string Endpoint { get; }

    /// <summary>Its name in the settings; empty for the remote without a name.</summary>
    string Name => "";

    /// <summary>What is known about a bucket there. Sends nothing.</summary>
    RemoteCondition ConditionOf(string bucket);

    /// <summary>Starts a check whether a bucket is down, after a call that had no response in time.</summary>
    void Suspect(string bucket);

    /// <summary>
    /// True if the remote reserves the address of a bucket or object for itself (rule A1), such as its administration API. The key is empty
    /// for the bucket itself.
    /// </summary>
    ValueTask<bool> KeepsAsync(string bucket, string key, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    /// <summary>How far the remote's clock is ahead of this one, by the date of its last response; null if it showed none.</summary>
    TimeSpan? Ahead => null;

    /// <summary>A bucket's creation date from the last list of buckets; null if unknown. Sends nothing.</summary>
    DateTimeOffset? CreatedOf(string bucket) => null;

    /// <summary>Requests an object's bytes. The body repairs breaks itself within its budget.</summary>
    Task<RemoteResult> TryGetAsync(RemoteRead read, CancellationToken cancellationToken);

    /// <summary>Requests an object's headers. One GET of the first byte explains a 403 and finds a missing length (table F).</summary>
    Task<RemoteResult> TryHeadAsync(RemoteRead read, CancellationToken cancellationToken);

    /// <summary>One page of a bucket's keys, by ListObjectsV2, always with <c>encoding-type=url</c>. Names are returned decoded.</summary>
    Task<RemotePage> ListAsync(RemoteListing listing, CancellationToken cancellationToken);

    /// <summary>True if the bucket exists. A 403 counts as yes: it exists, but may not be listed.</summary>
    Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken);

    /// <summary>The buckets these credentials see; empty if the remote refuses.</summary>
    Task<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken);
}

/// <summary>GET and HEAD for callers that expect the object.</summary>
public static class RemoteCalls
{
    /// <summary>Requests an object's bytes.</summary>
    /// <exception cref="RemoteException">Anything but 200 or 206.</exception>
    public static async Task<RemoteObject> GetAsync(this IRemote remote, RemoteRead read, CancellationToken cancellationToken) =>
        (await remote.TryGetAsync(read, cancellationToken)).OrThrow();

    /// <summary>Requests an object's headers.</summary>
    /// <exception cref="RemoteException">Anything but 200.</exception>
    public static async Task<RemoteObject> HeadAsync(this IRemote remote, RemoteRead read, CancellationToken cancellationToken) =>
        (await remote.TryHeadAsync(read, cancellationToken)).OrThrow();
}

/// <summary>What is known about a remote's bucket before a call.</summary>
public enum RemoteCondition
{
    /// <summary>No known problem.</summary>
    Answering,

    /// <summary>A call had no response; a check whether the bucket responds at all is running.</summary>
    Doubted,

    /// <summary>The bucket does not respond: calls fail at once until a probe, sent once a second, gets a response.</summary>
    Down,
}

/// <summary>A request for one page of a remote bucket.</summary>
/// <param name="Bucket">The remote's bucket.</param>
/// <param name="Prefix">Only keys that start with this.</param>
/// <param name="Delimiter">Rolls keys up; empty for none.</param>
/// <param name="StartAfter">Only keys strictly after this; empty for all. Ignored if a token is given.</param>
/// <param name="ContinuationToken">The remote's token from the page before, or null.</param>
/// <param name="MaxKeys">1 to 1000.</param>
public sealed record RemoteListing(string Bucket, string Prefix, string Delimiter, string StartAfter, string? ContinuationToken,
    int MaxKeys)
{
    /// <summary>True to include the restore status of archived objects.</summary>
    public bool WithRestoreStatus { get; init; }
}

/// <summary>One page of a remote's listing.</summary>
/// <param name="Rows">Keys and common prefixes together, in UTF-8 byte order.</param>
/// <param name="NextToken">The token of the next page, or null after the last.</param>
public sealed record RemotePage(IReadOnlyList<ListingRow> Rows, string? NextToken);
