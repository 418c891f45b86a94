namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// What can be asked of a lower layer. There is no way to write: not here, and not in the transport beneath, which refuses every method but
/// GET and HEAD (rule W1). Every failure is a <see cref="RemoteException"/>; attempts that may be repeated have been, within their budget.
/// </summary>
public interface IRemote
{
    /// <summary>The endpoint, as configured: scheme, host and port. Part of a held copy's identity.</summary>
    string Endpoint { get; }

    /// <summary>What is known of a bucket there; costs nothing.</summary>
    RemoteCondition ConditionOf(string bucket);

    /// <summary>Finds out, beside whatever was asked and had no answer in time, whether a bucket is down.</summary>
    void Suspect(string bucket);

    /// <summary>
    /// Whether the remote keeps the address of a bucket or object for itself (rule A1): its administration, not a bucket. The key is empty
    /// for the bucket itself.
    /// </summary>
    ValueTask<bool> KeepsAsync(string bucket, string key, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    /// <summary>When a bucket there was made, as the last list of its buckets said; null where that is not known. Costs nothing.</summary>
    DateTimeOffset? CreatedOf(string bucket) => null;

    /// <summary>Asks for an object's bytes. The answer's body heals breaks itself as long as its budget lasts.</summary>
    /// <exception cref="RemoteException">Anything but 200 or 206.</exception>
    Task<RemoteObject> GetAsync(RemoteRead read, CancellationToken cancellationToken);

    /// <summary>
    /// Asks for an object's headers. A 403 is explained, and a length that is missing found out, with one GET of its first byte (table F).
    /// </summary>
    /// <exception cref="RemoteException">Anything but 200.</exception>
    Task<RemoteObject> HeadAsync(RemoteRead read, CancellationToken cancellationToken);

    /// <summary>One page of a bucket's keys, by ListObjectsV2, always with <c>encoding-type=url</c>; names come decoded.</summary>
    Task<RemotePage> ListAsync(RemoteListing listing, CancellationToken cancellationToken);

    /// <summary>Whether the bucket exists for these credentials. A 403 counts as yes: it is there, and not ours to list.</summary>
    Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken);

    /// <summary>The buckets these credentials see; empty where the remote refuses to say.</summary>
    Task<IReadOnlyList<Layers.LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken);
}
