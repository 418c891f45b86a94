using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>
/// What administrators ask of the overlay (rule A5), whichever layers it has. Nothing here touches what was written, and nothing changes
/// the remote.
/// </summary>
public interface IOverlayAdministration
{
    /// <summary>What the merged view says of a key, and why.</summary>
    /// <param name="origin">The administrator's request, in whose name local is asked.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="asksRemote">Whether the remote is asked, with one HEAD; nothing of it is contacted otherwise.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task<KeyReport> ExplainAsync(S3Request origin, string bucket, string key, bool asksRemote, CancellationToken cancellationToken);

    /// <summary>What a bucket is, and why. The remote is asked where that is wanted, with one HEAD.</summary>
    Task<BucketReport> ExplainAsync(string bucket, bool asksRemote, CancellationToken cancellationToken);

    /// <summary>The buckets that have tombstones, or were deleted here; by name.</summary>
    IAsyncEnumerable<string> ListMarkedBucketsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The tombstones of a bucket in UTF-8 byte order of their keys, those that start with <paramref name="prefix"/> and come strictly
    /// after
    /// <paramref name="after"/>; none in a bucket that was deleted here, with which they went.
    /// </summary>
    IAsyncEnumerable<Tombstone> ListTombstonesAsync(string bucket, string prefix, string after, CancellationToken cancellationToken);

    /// <summary>
    /// Removes the tombstones that hide nothing, since the remote does not have their keys: it is listed for that. A delete made meanwhile
    /// keeps its tombstone.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">What the keys start with; empty for all.</param>
    /// <param name="count">Tells, while it goes on, how far it is.</param>
    /// <param name="cancellationToken">Ends it; what is removed by then stays so.</param>
    /// <exception cref="S3Exception">
    /// InvalidRequest for a bucket without a remote; InvalidBucketState for one that was deleted here, or that the remote does not have;
    /// ServiceUnavailable where a layer fails.
    /// </exception>
    Task CompactAsync(string bucket, string prefix, CompactCount count, CancellationToken cancellationToken);

    /// <summary>
    /// Drops held bytes (rule E3). Whoever reads them goes on reading; whoever comes after is given what the remote has then.
    /// </summary>
    /// <param name="scope">What is to be dropped.</param>
    /// <param name="count">Tells, while it goes on, how far it is.</param>
    /// <param name="cancellationToken">Ends it; what is dropped by then stays dropped.</param>
    /// <exception cref="S3Exception">NoSuchBucket for the overlay's own bucket; ServiceUnavailable where what is held cannot be
    /// listed.</exception>
    Task DropAsync(AdministrationScope scope, EvictCount count, CancellationToken cancellationToken);

    /// <summary>
    /// Takes back tombstones, and where the scope is not a part of a bucket the mark that the bucket was deleted here, so that the remote
    /// shows again. What is held of these keys is dropped with them: it may be older than the delete.
    /// </summary>
    /// <param name="scope">What is to be taken back.</param>
    /// <param name="count">Tells, while it goes on, how far it is.</param>
    /// <param name="cancellationToken">Ends it; what is taken back by then stays so.</param>
    /// <exception cref="S3Exception">
    /// NoSuchBucket for the overlay's own bucket; InvalidBucketState for a part of a bucket that was deleted as a whole; ServiceUnavailable
    /// where the layer fails.
    /// </exception>
    Task DiscardAsync(AdministrationScope scope, UndeleteCount count, CancellationToken cancellationToken);
}
