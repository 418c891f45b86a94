using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>Removes tombstones that hide nothing because the remote has no such key.</summary>
/// <remarks>
/// <para>The order makes it safe. First a tombstone is read, with the number of deletes of its key in this process. Then the remote is
/// listed. Then the tombstone is removed under the key's lock, if it is still the same one and the key was not deleted since. So every
/// removed tombstone belongs to a delete that ended before the remote was seen without the key, and no delete was ever about what the
/// remote gets later.</para>
/// <para>A remote without the bucket has none of its keys. That is more often a wrong setting than intended, and would remove all
/// tombstones at once, so it is refused.</para>
/// </remarks>
internal sealed class Compaction(
    ITombstones tombstones, BucketDirectory directory, Undeletes undeletes, OverlayLocks locks, ILogger logger)
{
    /// <summary>Tombstones read before each listing of the remote.</summary>
    private const int BatchSize = 1000;

    private const int Parallel = 16;

    /// <summary>
    /// Removes tombstones that hide nothing because the remote's listing lacks their keys. Deletes made during the call keep their
    /// tombstones.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The prefix of the keys; empty for all.</param>
    /// <param name="isDryRun">True to count only.</param>
    /// <param name="count">Receives progress.</param>
    /// <param name="cancellationToken">Stops the work; what is removed stays removed.</param>
    /// <exception cref="S3Exception">InvalidRequest for a bucket without a remote; InvalidBucketState for one that was deleted here or that
    /// the remote lacks; ServiceUnavailable if a layer fails.</exception>
    public async Task CompactAsync(string bucket, string prefix, bool isDryRun, CompactCount count, CancellationToken cancellationToken)
    {
        var routes = directory.Below(bucket)
            ?? throw new S3Exception(S3Errors.InvalidRequest, "The bucket has no remote to compare its tombstones with.");
        await undeletes.RequireShownAsync(bucket, cancellationToken);
        try
        {
            var found = new HashSet<RemoteBucket>();
            var after = "";
            do
            {
                after = await CompactAsync(bucket, routes, found, prefix, after, isDryRun, count, cancellationToken);
            }
            while (after.Length > 0);
        }
        catch (RemoteException failure) when (failure.Failure != RemoteFailure.Loop)
        {
            throw BucketListings.Unlistable(failure);
        }
    }

    /// <summary>Handles one batch. <paramref name="found"/> collects the places whose buckets are known to exist.</summary>
    /// <returns>The last key read; empty at the end.</returns>
    private async Task<string> CompactAsync(
        string bucket, BucketRoutes routes, HashSet<RemoteBucket> found, string prefix, string after, bool isDryRun, CompactCount count,
        CancellationToken cancellationToken)
    {
        var batch = new List<(Tombstone Tombstone, long Deletes)>();
        await foreach (var tombstone in tombstones.ListAsync(bucket, prefix, after, cancellationToken).Take(BatchSize))
        {
            batch.Add((tombstone, locks.Deletes.Of(bucket, tombstone.Key)));
        }

        // Within one place, keys come in the place's order too.
        var places = new Dictionary<RemoteBucket, RemoteWalk>();
        var idle = new List<(Tombstone Tombstone, long Deletes)>();
        foreach (var each in batch)
        {
            if (routes.Of(each.Tombstone.Key) is not { } place || !await HasAsync(place, each.Tombstone.Key))
            {
                idle.Add(each);
            }
        }

        count.AddLooked(batch.Count, places.Values.Sum(static keys => keys.Pages));

        // A bucket delete must not find the bucket empty while the remote becomes visible in it. Not locked during the listing, which may
        // take long.
        using var shared = await locks.Buckets.ShareAsync(bucket, cancellationToken);
        await System.Threading.Tasks.Parallel.ForEachAsync(
            idle,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (each, token) => count.Add(isDryRun ? UndeleteOutcome.Undeleted
                : await undeletes.UndeleteAsync(bucket, each.Tombstone, () => locks.Deletes.Of(bucket, each.Tombstone.Key) == each.Deletes,
                    token)));
        return batch.Count == BatchSize ? batch[^1].Tombstone.Key : "";

        async ValueTask<bool> HasAsync(RemoteBucket place, string key)
        {
            try
            {
                if (!found.Contains(place) && !(await place.Remote.BucketExistsAsync(place.Name, cancellationToken) && found.Add(place)))
                {
                    throw NoBucket(place);
                }

                if (!places.TryGetValue(place, out var keys))
                {
                    places.Add(place, keys = new RemoteWalk(place, prefix, logger));
                }

                return await keys.FindAsync(key, cancellationToken) is not null;
            }
            catch (RemoteException failure) when (failure.Failure == RemoteFailure.NoSuchBucket)
            {
                throw NoBucket(place);
            }
        }
    }

    private static S3Exception NoBucket(RemoteBucket remote) => new(
        S3Errors.InvalidBucketState,
        $"The remote has no bucket {remote.Name}, so every tombstone would be removed. If you want that, undelete them.");
}

/// <summary>Progress of a compaction. Safe to read while it runs.</summary>
public sealed class CompactCount
{
    private long _tombstones;
    private long _removed;
    private long _kept;
    private long _pages;

    /// <summary>Tombstones checked.</summary>
    public long Tombstones => Volatile.Read(ref _tombstones);

    /// <summary>Tombstones that hid nothing and were removed.</summary>
    public long Removed => Volatile.Read(ref _removed);

    /// <summary>Tombstones that hid nothing but stayed, because their keys were being deleted again.</summary>
    public long Kept => Volatile.Read(ref _kept);

    /// <summary>Pages of the remote's listing read.</summary>
    public long Pages => Volatile.Read(ref _pages);

    /// <summary>Adds checked tombstones and pages.</summary>
    public void AddLooked(int tombstones, int pages)
    {
        Interlocked.Add(ref _tombstones, tombstones);
        Interlocked.Add(ref _pages, pages);
    }

    /// <summary>Counts the outcome for one tombstone that hid nothing.</summary>
    public void Add(UndeleteOutcome outcome)
    {
        switch (outcome)
        {
            case UndeleteOutcome.Undeleted:
                Interlocked.Increment(ref _removed);
                break;
            case UndeleteOutcome.Kept:
                Interlocked.Increment(ref _kept);
                break;
        }
    }
}
