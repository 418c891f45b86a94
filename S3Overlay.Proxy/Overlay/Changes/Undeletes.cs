using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>Removes tombstones of keys and buckets.</summary>
/// <remarks>
/// <code>
///   a key      takes the key's lock, which a delete holds from tombstone to object: so no delete is half done
///   a bucket   takes the bucket's lock exclusively: while the remote is hidden, deletes leave no tombstone, so none may run
/// </code>
/// </remarks>
internal sealed class Undeletes(LocalLayer local, IRemoteReader? reader, BucketDirectory directory, OverlayLocks locks, Evictions evictions)
{
    /// <summary>Keys undeleted in parallel: enough to share the log's syncs, few enough to leave room for other requests.</summary>
    private const int Parallel = 16;

    /// <summary>
    /// Removes tombstones, and for a whole bucket also the bucket tombstone, so the remote becomes visible again. Cache entries of these
    /// keys are evicted too: they may be older than the delete.
    /// </summary>
    /// <param name="scope">What to undelete.</param>
    /// <param name="isDryRun">True to count only.</param>
    /// <param name="count">Receives progress.</param>
    /// <param name="cancellationToken">Stops the work; what is undeleted stays undeleted.</param>
    /// <exception cref="S3Exception">InvalidBucketState for part of a bucket that was deleted as a whole; ServiceUnavailable if the layer
    /// fails.</exception>
    public async Task UndeleteAsync(AdministrationScope scope, bool isDryRun, UndeleteCount count, CancellationToken cancellationToken)
    {
        if (scope.Bucket is { } bucket)
        {
            await (scope.IsPart ? UndeletePartAsync(bucket, scope, isDryRun, count, cancellationToken)
                : UndeleteBucketAsync(bucket, isDryRun, count, cancellationToken));
            return;
        }

        await foreach (var each in local.Marks.ListBucketsAsync(cancellationToken))
        {
            await UndeleteBucketAsync(each, isDryRun, count, cancellationToken);
        }
    }

    /// <summary>Removes a tombstone while no delete of the key runs, if <paramref name="isStillMeant"/> agrees at that moment.</summary>
    public async ValueTask<UndeleteOutcome> UndeleteAsync(
        string bucket, Tombstone tombstone, Func<bool> isStillMeant, CancellationToken cancellationToken)
    {
        using var entered = await locks.Keys.TakeAsync(new ObjectName(bucket, tombstone.Key), cancellationToken);
        if (!isStillMeant())
        {
            return UndeleteOutcome.Kept;
        }

        await (reader?.InvalidateDeletedAsync(bucket, tombstone.Key) ?? ValueTask.CompletedTask);
        var outcome = await local.Marks.UndeleteAsync(bucket, tombstone, cancellationToken);
        if (outcome == UndeleteOutcome.Undeleted)
        {
            reader?.Shown?.Forget(bucket, tombstone.Key);
        }

        return outcome;
    }

    /// <summary>Removes a bucket tombstone, and calls <paramref name="shown"/> if there was one.</summary>
    public async Task ShowBucketAsync(string bucket, Action shown, CancellationToken cancellationToken)
    {
        using var alone = await locks.Buckets.TakeAsync(bucket, cancellationToken);
        if ((await local.State.ResolveBucketAsync(bucket, cancellationToken)).IsOpaque)
        {
            var all = new AdministrationScope(bucket, null, null);
            await evictions.EvictAsync(all, isDryRun: false, new EvictCount(), cancellationToken);
        }

        if (await local.Marks.UndeleteBucketAsync(bucket, cancellationToken))
        {
            directory.Forget(bucket);
            shown();
        }
    }

    /// <summary>Refuses a bucket whose tombstones have no effect.</summary>
    /// <exception cref="S3Exception">InvalidBucketState.</exception>
    public async ValueTask RequireShownAsync(string bucket, CancellationToken cancellationToken)
    {
        if ((await local.State.ResolveBucketAsync(bucket, cancellationToken)).IsOpaque)
        {
            throw new S3Exception(
                S3Errors.InvalidBucketState,
                "The bucket was deleted here, which hides all that the remote has in it. Undelete the bucket as a whole.");
        }
    }

    private async Task UndeletePartAsync(
        string bucket, AdministrationScope scope, bool isDryRun, UndeleteCount count, CancellationToken cancellationToken)
    {
        using var shared = await locks.Buckets.ShareAsync(bucket, cancellationToken);
        await RequireShownAsync(bucket, cancellationToken);
        if (scope.Key is null)
        {
            await UndeleteTombstonesAsync(bucket, scope.Prefix ?? "", isDryRun, count, cancellationToken);
        }
        else if (await local.Marks.FindAsync(bucket, scope.Key, cancellationToken) is { } tombstone)
        {
            count.Add(isDryRun ? UndeleteOutcome.Undeleted
                : await UndeleteAsync(bucket, tombstone, static () => true, cancellationToken));
        }
    }

    private async Task UndeleteBucketAsync(string bucket, bool isDryRun, UndeleteCount count, CancellationToken cancellationToken)
    {
        if (isDryRun)
        {
            if ((await local.State.ResolveBucketAsync(bucket, cancellationToken)).IsOpaque)
            {
                count.AddBucket();
            }

            await UndeleteTombstonesAsync(bucket, "", isDryRun, count, cancellationToken);
            return;
        }

        await ShowBucketAsync(bucket, count.AddBucket, cancellationToken);
        using (await locks.Buckets.ShareAsync(bucket, cancellationToken))
        {
            await UndeleteTombstonesAsync(bucket, "", isDryRun, count, cancellationToken);
        }
    }

    private Task UndeleteTombstonesAsync(
        string bucket, string prefix, bool isDryRun, UndeleteCount count, CancellationToken cancellationToken) =>
        System.Threading.Tasks.Parallel.ForEachAsync(
            local.Marks.ListAsync(bucket, prefix, "", cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (tombstone, token) => count.Add(isDryRun ? UndeleteOutcome.Undeleted
                : await UndeleteAsync(bucket, tombstone, static () => true, token)));
}

/// <summary>Progress of an undelete. Safe to read while it runs.</summary>
public sealed class UndeleteCount
{
    private long _tombstones;
    private long _buckets;
    private long _kept;

    /// <summary>Tombstones removed.</summary>
    public long Tombstones => Volatile.Read(ref _tombstones);

    /// <summary>Bucket tombstones removed; each hid a whole bucket.</summary>
    public long Buckets => Volatile.Read(ref _buckets);

    /// <summary>Tombstones left because their keys were being deleted.</summary>
    public long Kept => Volatile.Read(ref _kept);

    /// <summary>Counts the outcome for one tombstone.</summary>
    public void Add(UndeleteOutcome outcome)
    {
        switch (outcome)
        {
            case UndeleteOutcome.Undeleted:
                Interlocked.Increment(ref _tombstones);
                break;
            case UndeleteOutcome.Kept:
                Interlocked.Increment(ref _kept);
                break;
        }
    }

    /// <summary>Counts a removed bucket tombstone.</summary>
    public void AddBucket() => Interlocked.Increment(ref _buckets);
}
