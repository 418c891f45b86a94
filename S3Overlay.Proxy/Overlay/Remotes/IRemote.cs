namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// Read-only access to a lower layer. It has no way to write, and the transport beneath refuses every method but GET and HEAD (rule W1).
/// Every failure is a <see cref="RemoteException"/>, after retries within their budget.
/// </summary>
public interface IRemote
{
    /// <summary>The configured endpoint: scheme, host and port. Part of a cache entry's identity.</summary>
    string Endpoint { get; }

    /// <summary>What is known about a bucket there. Sends nothing.</summary>
    RemoteCondition ConditionOf(string bucket);

    /// <summary>Starts a check whether a bucket is down, after a call that had no response in time.</summary>
    void Suspect(string bucket);

    /// <summary>
    /// True if the remote reserves the address of a bucket or object for itself (rule A1), such as its administration API. The key is empty
    /// for the bucket itself.
    /// </summary>
    ValueTask<bool> KeepsAsync(string bucket, string key, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    /// <summary>A bucket's creation date from the last list of buckets; null if unknown. Sends nothing.</summary>
    DateTimeOffset? CreatedOf(string bucket) => null;

    /// <summary>Requests an object's bytes. The body repairs breaks itself within its budget.</summary>
    /// <exception cref="RemoteException">Anything but 200 or 206.</exception>
    Task<RemoteObject> GetAsync(RemoteRead read, CancellationToken cancellationToken);

    /// <summary>Requests an object's headers. One GET of the first byte explains a 403 and finds a missing length (table F).</summary>
    /// <exception cref="RemoteException">Anything but 200.</exception>
    Task<RemoteObject> HeadAsync(RemoteRead read, CancellationToken cancellationToken);

    /// <summary>One page of a bucket's keys, by ListObjectsV2, always with <c>encoding-type=url</c>. Names are returned decoded.</summary>
    Task<RemotePage> ListAsync(RemoteListing listing, CancellationToken cancellationToken);

    /// <summary>True if the bucket exists. A 403 counts as yes: it exists, but may not be listed.</summary>
    Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken);

    /// <summary>The buckets these credentials see; empty if the remote refuses.</summary>
    Task<IReadOnlyList<Layers.LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken);
}
