namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// The marks that deletes leave in the writable layer, as administrators see them and take them back: tombstones, and the marks of deleted
/// buckets. Nothing else removes one but a delete that was refused, its own (rules D1, B4).
/// </summary>
public interface IDeleteMarks
{
    /// <summary>The buckets that have a tombstone, or the mark that they were deleted; each once, in the order of their names.</summary>
    IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The tombstones of a bucket in UTF-8 byte order of their keys, those that start with <paramref name="prefix"/> and come strictly
    /// after
    /// <paramref name="after"/> (empty: from the start).
    /// </summary>
    IAsyncEnumerable<Tombstone> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken);

    /// <summary>The tombstone of a key, whether or not the key was written since; null where there is none.</summary>
    ValueTask<Tombstone?> FindAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a tombstone back, unless there is a later one by now; returns once that survives a power cut. The caller keeps deletes of the
    /// key by this proxy out; those of other proxies are the layer's matter.
    /// </summary>
    ValueTask<UndeleteOutcome> DiscardAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken);

    /// <summary>
    /// Takes back the mark that a bucket was deleted here, so that the remote shows in it again, all of it: the tombstones of before went
    /// with the bucket.
    /// </summary>
    /// <returns>Whether there was such a mark.</returns>
    ValueTask<bool> DiscardBucketAsync(string bucket, CancellationToken cancellationToken);
}
