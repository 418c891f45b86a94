using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>Administration of the overlay, over any local layer.</summary>
internal sealed class OverlayAdministration(
    LocalLayer local, BucketDirectory directory, Explanations explanations, Evictions evictions, Undeletes undeletes, Compaction compaction)
    : IOverlayAdministration
{
    /// <inheritdoc/>
    public Task<KeyReport> ExplainAsync(S3Request origin, string bucket, string key, bool asksRemote, CancellationToken cancellationToken)
    {
        RefuseOwn(bucket);
        return explanations.OfKeyAsync(origin, bucket, key, asksRemote, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<BucketReport> ExplainAsync(string bucket, bool asksRemote, CancellationToken cancellationToken)
    {
        RefuseOwn(bucket);
        return explanations.OfBucketAsync(bucket, asksRemote, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListMarkedBucketsAsync(CancellationToken cancellationToken) =>
        local.Marks.ListBucketsAsync(cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<Tombstone> ListTombstonesAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RefuseOwn(bucket);
        if ((await local.State.ResolveBucketAsync(bucket, cancellationToken)).IsOpaque)
        {
            yield break;
        }

        await foreach (var tombstone in local.Marks.ListAsync(bucket, prefix, after, cancellationToken))
        {
            yield return tombstone;
        }
    }

    /// <inheritdoc/>
    public async Task CompactAsync(string bucket, string prefix, CompactCount count, CancellationToken cancellationToken)
    {
        RefuseOwn(bucket);
        var routes = directory.Below(bucket)
            ?? throw new S3Exception(S3Errors.InvalidRequest, "The bucket has no remote to compare its tombstones with.");
        await undeletes.RequireShownAsync(bucket, cancellationToken);
        await compaction.CompactAsync(bucket, routes, prefix, count, cancellationToken);
    }

    /// <inheritdoc/>
    public Task EvictAsync(AdministrationScope scope, EvictCount count, CancellationToken cancellationToken)
    {
        RefuseOwn(scope.Bucket);
        return evictions.EvictAsync(scope, count, cancellationToken);
    }

    /// <inheritdoc/>
    public Task UndeleteAsync(AdministrationScope scope, UndeleteCount count, CancellationToken cancellationToken)
    {
        RefuseOwn(scope.Bucket);
        return undeletes.UndeleteAsync(scope, count, cancellationToken);
    }

    /// <summary>Clients see no such bucket (rule T5), and it has nothing for administrators.</summary>
    private void RefuseOwn(string? bucket)
    {
        if (bucket is not null && directory.IsInternal(bucket))
        {
            throw new S3Exception(S3Errors.NoSuchBucket, "This bucket is the overlay's own.");
        }
    }
}
