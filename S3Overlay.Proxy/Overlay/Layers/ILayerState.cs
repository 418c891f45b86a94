using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// The one place that knows what a key is in the writable layer: written, deleted, or neither. The embedded store answers with an index
/// look-up; an S3 endpoint as local with names in its cache bucket. Copies of remote bytes are <see cref="ICacheStore"/>'s.
/// </summary>
public interface ILayerState
{
    /// <summary>What the key is now. A write or delete acknowledged before the call is seen (rule C3).</summary>
    ValueTask<KeyState> ResolveAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>
    /// What the key is by now, asked while local has a conditional write of it under way. Until that is over an S3 endpoint may let nobody
    /// else look at the key (MinIO), and whoever asked would wait for a write that waits for him: it tells only whether the key has a
    /// tombstone, and takes it for deleted then. Whether it is written local is judging.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    ValueTask<KeyState> ResolveWithinWriteAsync(string bucket, string key, CancellationToken cancellationToken) =>
        ResolveAsync(bucket, key, cancellationToken);

    /// <summary>Marks the key deleted; returns once the mark survives a power cut (rule D1). Marking twice is no error.</summary>
    ValueTask MarkDeletedAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>What the writable layer knows of the bucket.</summary>
    ValueTask<BucketState> ResolveBucketAsync(string bucket, CancellationToken cancellationToken);

    /// <summary>
    /// The same, before a client is told that the bucket is not there: what another proxy over the same layer may have made meanwhile is
    /// asked for once more.
    /// </summary>
    ValueTask<BucketState> ConfirmBucketAsync(string bucket, CancellationToken cancellationToken) =>
        ResolveBucketAsync(bucket, cancellationToken);

    /// <summary>
    /// Makes the bucket's local half where it is missing (rule B2); keeps every mark. Safe to call at once from many requests.
    /// </summary>
    ValueTask EnsureBucketAsync(string bucket, CancellationToken cancellationToken);

    /// <summary>
    /// Takes away the bucket's local half, and leaves the mark that hides the remote (rule B4). Its tombstones go with it: the mark
    /// outranks them.
    /// </summary>
    /// <exception cref="Protocol.S3Exception">BucketNotEmpty where an object was written there meanwhile.</exception>
    ValueTask DeleteBucketAsync(string bucket, CancellationToken cancellationToken);

    /// <summary>The names and creation dates of the buckets that the writable layer has.</summary>
    ValueTask<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken);

    /// <summary>The written objects of a bucket, rolled up by the query's delimiter. A bucket that local lacks has none.</summary>
    IListingSource ListWritten(string bucket, ListingQuery query);

    /// <summary>
    /// The deleted keys of a bucket in UTF-8 byte order, those that start with <paramref name="prefix"/> and come strictly after
    /// <paramref name="after"/> (empty: from the start). Costs no remote call and no more than what is taken from it.
    /// </summary>
    IAsyncEnumerable<string> ListDeletedAsync(string bucket, string prefix, string after, CancellationToken cancellationToken);
}
