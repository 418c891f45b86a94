using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// A key's state in the local layer: written, deleted, or neither. The built-in store looks it up in its index; an S3 endpoint uses names
/// in its cache bucket. Remote bytes are the <see cref="ICacheStore"/>'s.
/// </summary>
public interface ILayerState
{
    /// <summary>The key's state now. Sees every write and delete acknowledged before the call (rule C3).</summary>
    ValueTask<KeyState> ResolveAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>
    /// The key's state while a conditional write of it runs in the local layer. An S3 endpoint may lock the key until the write ends
    /// (MinIO), and a read would wait for the write that waits for it. So it may look for a tombstone only; whether the key is written is
    /// for the local layer to judge.
    /// </summary>
    ValueTask<KeyState> ResolveWithinWriteAsync(string bucket, string key, CancellationToken cancellationToken) =>
        ResolveAsync(bucket, key, cancellationToken);

    /// <summary>
    /// Writes the key's tombstone; returns once it survives a power cut (rule D1). Repeating it is no error. Records
    /// <paramref name="known"/> as its base, unless <see cref="EarlierBaseAsync"/> leaves that to the layer and it knows an earlier one.
    /// </summary>
    ValueTask MarkDeletedAsync(string bucket, string key, RemoteBase? known, CancellationToken cancellationToken);

    /// <summary>
    /// The base recorded with a write or delete of the key here (rule P1); null if there is none, or if the layer itself hands it on to a
    /// later write or delete.
    /// </summary>
    ValueTask<RemoteBase?> EarlierBaseAsync(string bucket, string key, CancellationToken cancellationToken) => default;

    /// <summary>The bucket's state in the local layer.</summary>
    ValueTask<BucketState> ResolveBucketAsync(string bucket, CancellationToken cancellationToken);

    /// <summary>
    /// Like <see cref="ResolveBucketAsync"/>, but without relying on cached state, before a client gets an error: another proxy may have
    /// created the bucket.
    /// </summary>
    ValueTask<BucketState> ConfirmBucketAsync(string bucket, CancellationToken cancellationToken) =>
        ResolveBucketAsync(bucket, cancellationToken);

    /// <summary>Creates the bucket's local half if missing (rule B2), and keeps all tombstones. Safe for concurrent calls.</summary>
    ValueTask EnsureBucketAsync(string bucket, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes the bucket's local half and leaves the bucket tombstone that hides the remote (rule B4). Tombstones of its keys go too: the
    /// bucket tombstone outranks them.
    /// </summary>
    /// <exception cref="Protocol.S3Exception">BucketNotEmpty if an object was written since the caller looked.</exception>
    ValueTask DeleteBucketAsync(string bucket, CancellationToken cancellationToken);

    /// <summary>Names and creation dates of the local layer's buckets.</summary>
    ValueTask<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken);

    /// <summary>A bucket's written objects, rolled up by the query's delimiter. Empty for a bucket that the local layer lacks.</summary>
    IListingSource ListWritten(string bucket, ListingQuery query);

    /// <summary>
    /// Deleted keys of a bucket in UTF-8 byte order that start with <paramref name="prefix"/> and come strictly after
    /// <paramref name="after"/> (empty: from the start). Never asks the remote; reads only as far as it is enumerated.
    /// </summary>
    IAsyncEnumerable<string> ListDeletedAsync(string bucket, string prefix, string after, CancellationToken cancellationToken);
}

/// <summary>A key's state in the local layer.</summary>
public enum KeyState
{
    /// <summary>Neither written nor deleted here: the remote decides.</summary>
    Nothing,

    /// <summary>Written by a client. Outranks everything.</summary>
    Written,

    /// <summary>Deleted here, and not written since.</summary>
    Deleted,
}

/// <summary>What the local layer knows of a bucket.</summary>
/// <param name="Exists">True if it has a local half.</param>
/// <param name="IsOpaque">True if it was deleted here, so the remote stays hidden (rule B4).</param>
public readonly record struct BucketState(bool Exists, bool IsOpaque);
