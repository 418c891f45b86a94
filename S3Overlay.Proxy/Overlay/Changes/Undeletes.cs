using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>Removes tombstones of keys and buckets, one at a time, for reverts and compaction.</summary>
/// <remarks>
/// <code>
///   a key      takes the key's lock, which a delete holds from tombstone to object: so no delete is half done
///   a bucket   takes the bucket's lock exclusively: while the remote is hidden, deletes leave no tombstone, so none may run
/// </code>
/// </remarks>
internal sealed class Undeletes(LocalLayer local, IRemoteReader? reader, BucketDirectory directory, OverlayLocks locks, Evictions evictions)
{
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
}
