using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>Administration of the overlay, over any local layer.</summary>
public sealed class OverlayAdministration : IOverlayAdministration
{
    private readonly BucketDirectory _directory;
    private readonly LocalLayer _local;
    private readonly Explanations _explanations;
    private readonly Evictions _evictions;
    private readonly Undeletes _undeletes;
    private readonly Compaction _compaction;

    /// <summary>Administration of a local layer and its cache.</summary>
    /// <param name="local">The local layer.</param>
    /// <param name="reader">Reads what the remote owns; null without a remote.</param>
    /// <param name="directory">Which buckets exist.</param>
    /// <param name="locks">The locks that writes and deletes take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets failures.</param>
    public OverlayAdministration(
        LocalLayer local, IRemoteReader? reader, BucketDirectory directory, OverlayLocks locks, TimeProvider time,
        ILogger<OverlayAdministration> logger)
    {
        (_local, _directory) = (local, directory);
        _explanations = new Explanations(local, reader, directory, time);
        _evictions = new Evictions(local.Cache, reader, logger);
        _undeletes = new Undeletes(local, reader, directory, locks, _evictions);
        _compaction = new Compaction(local.Marks, _undeletes, locks, logger);
    }

    /// <inheritdoc/>
    public Task<KeyReport> ExplainAsync(S3Request origin, string bucket, string key, bool asksRemote, CancellationToken cancellationToken)
    {
        RefuseOwn(bucket);
        return _explanations.OfKeyAsync(origin, bucket, key, asksRemote, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<BucketReport> ExplainAsync(string bucket, bool asksRemote, CancellationToken cancellationToken)
    {
        RefuseOwn(bucket);
        return _explanations.OfBucketAsync(bucket, asksRemote, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListMarkedBucketsAsync(CancellationToken cancellationToken) =>
        _local.Marks.ListBucketsAsync(cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<Tombstone> ListTombstonesAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RefuseOwn(bucket);
        if ((await _local.State.ResolveBucketAsync(bucket, cancellationToken)).IsOpaque)
        {
            yield break;
        }

        await foreach (var tombstone in _local.Marks.ListAsync(bucket, prefix, after, cancellationToken))
        {
            yield return tombstone;
        }
    }

    /// <inheritdoc/>
    public async Task CompactAsync(string bucket, string prefix, CompactCount count, CancellationToken cancellationToken)
    {
        RefuseOwn(bucket);
        var routes = _directory.Below(bucket)
            ?? throw new S3Exception(S3Errors.InvalidRequest, "The bucket has no remote to compare its tombstones with.");
        await _undeletes.RequireShownAsync(bucket, cancellationToken);
        await _compaction.CompactAsync(bucket, routes, prefix, count, cancellationToken);
    }

    /// <inheritdoc/>
    public Task EvictAsync(AdministrationScope scope, EvictCount count, CancellationToken cancellationToken)
    {
        RefuseOwn(scope.Bucket);
        return _evictions.EvictAsync(scope, count, cancellationToken);
    }

    /// <inheritdoc/>
    public Task UndeleteAsync(AdministrationScope scope, UndeleteCount count, CancellationToken cancellationToken)
    {
        RefuseOwn(scope.Bucket);
        return _undeletes.UndeleteAsync(scope, count, cancellationToken);
    }

    /// <summary>Clients see no such bucket (rule T5), and it has nothing for administrators.</summary>
    private void RefuseOwn(string? bucket)
    {
        if (bucket is not null && _directory.IsInternal(bucket))
        {
            throw new S3Exception(S3Errors.NoSuchBucket, "This bucket is the overlay's own.");
        }
    }
}
