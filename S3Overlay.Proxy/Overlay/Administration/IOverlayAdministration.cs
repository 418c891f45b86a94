using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>Administration of the overlay (rule A5), over any layers. Nothing here touches written objects or changes the remote.</summary>
public interface IOverlayAdministration
{
    /// <summary>Explains what clients see of a key, and why.</summary>
    /// <param name="origin">The administrator's request, in whose name the local layer is read.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="asksRemote">True to send one HEAD to the remote; otherwise the remote is not contacted.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<KeyReport> ExplainAsync(S3Request origin, string bucket, string key, bool asksRemote, CancellationToken cancellationToken);

    /// <summary>Explains a bucket. Sends one HEAD to the remote if <paramref name="asksRemote"/> is true.</summary>
    Task<BucketReport> ExplainAsync(string bucket, bool asksRemote, CancellationToken cancellationToken);

    /// <summary>Buckets that have tombstones or were deleted here, by name.</summary>
    IAsyncEnumerable<string> ListMarkedBucketsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Tombstones of a bucket in UTF-8 byte order, with keys that start with <paramref name="prefix"/> and come strictly after
    /// <paramref name="after"/>. None in a bucket that was deleted here: they were removed with it.
    /// </summary>
    IAsyncEnumerable<Tombstone> ListTombstonesAsync(string bucket, string prefix, string after, CancellationToken cancellationToken);

    /// <summary>
    /// Removes tombstones that hide nothing because the remote's listing lacks their keys. Deletes made during the call keep their
    /// tombstones.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The prefix of the keys; empty for all.</param>
    /// <param name="count">Receives progress.</param>
    /// <param name="cancellationToken">Stops the work; what is removed stays removed.</param>
    /// <exception cref="S3Exception">InvalidRequest for a bucket without a remote; InvalidBucketState for one that was deleted here or that
    /// the remote lacks; ServiceUnavailable if a layer fails.</exception>
    Task CompactAsync(string bucket, string prefix, CompactCount count, CancellationToken cancellationToken);

    /// <summary>Evicts cached bytes (rule E3). Running reads continue; later reads get what the remote has then.</summary>
    /// <param name="scope">What to evict.</param>
    /// <param name="count">Receives progress.</param>
    /// <param name="cancellationToken">Stops the work; what is evicted stays evicted.</param>
    /// <exception cref="S3Exception">NoSuchBucket for the overlay's own bucket; ServiceUnavailable if the cache cannot be
    /// listed.</exception>
    Task EvictAsync(AdministrationScope scope, EvictCount count, CancellationToken cancellationToken);

    /// <summary>
    /// Removes tombstones, and for a whole bucket also the bucket tombstone, so the remote becomes visible again. Cache entries of these
    /// keys are evicted too: they may be older than the delete.
    /// </summary>
    /// <param name="scope">What to undelete.</param>
    /// <param name="count">Receives progress.</param>
    /// <param name="cancellationToken">Stops the work; what is undeleted stays undeleted.</param>
    /// <exception cref="S3Exception">NoSuchBucket for the overlay's own bucket; InvalidBucketState for part of a bucket that was deleted as
    /// a whole; ServiceUnavailable if the layer fails.</exception>
    Task UndeleteAsync(AdministrationScope scope, UndeleteCount count, CancellationToken cancellationToken);
}

/// <summary>What an administration call is about.</summary>
/// <param name="Bucket">The client's bucket; null for all.</param>
/// <param name="Key">One key; null for more.</param>
/// <param name="Prefix">The prefix of the keys; null for the bucket itself with all its keys.</param>
public sealed record AdministrationScope(string? Bucket, string? Key, string? Prefix)
{
    /// <summary>Everything.</summary>
    public static readonly AdministrationScope All = new(null, null, null);

    /// <summary>True for a part of a bucket.</summary>
    public bool IsPart => Key is not null || Prefix is not null;
}
