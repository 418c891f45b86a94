using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>Removes tombstones that hide nothing, since the remote has no such key.</summary>
/// <remarks>
/// <para>
/// A delete that is acknowledged hides what the remote had by then. So what counts is the order: a tombstone is looked at, with how often
/// its key was deleted here; then the remote is listed; then the tombstone goes, under the key's lock, if it still is the one that was
/// looked at and the key was not deleted since. So each tombstone that goes is of a delete that was over before the remote was found
/// without the key, and what the remote gets later, no delete was ever about.
/// </para>
/// <para>A remote without the bucket has none of its keys. That is more often a wrong setting than meant, and would cost all tombstones at
/// once: it is refused.</para>
/// </remarks>
internal sealed class Compaction(IDeleteMarks marks, Undeletes discards, OverlayLocks locks, ILogger logger)
{
    /// <summary>How many tombstones are looked at before the remote is listed for them.</summary>
    private const int BatchSize = 1000;

    private const int Parallel = 16;

    /// <summary>See <see cref="IOverlayAdministration.CompactAsync"/>.</summary>
    public async Task CompactAsync(string bucket, BucketRoutes routes, string prefix, CompactCount count,
        CancellationToken cancellationToken)
    {
        try
        {
            var found = new HashSet<RemoteBucket>();
            var after = "";
            do
            {
                after = await CompactAsync(bucket, routes, found, prefix, after, count, cancellationToken);
            }
            while (after.Length > 0);
        }
        catch (RemoteException failure) when (failure.Failure != RemoteFailure.Loop)
        {
            throw BucketListings.Unlistable(failure);
        }
    }

    /// <summary>One batch. The places whose buckets are known to be there are in <paramref name="found"/>.</summary>
    /// <returns>The last key looked at; empty where that was the end.</returns>
    private async Task<string> CompactAsync(
        string bucket, BucketRoutes routes, HashSet<RemoteBucket> found, string prefix, string after, CompactCount count,
        CancellationToken cancellationToken)
    {
        var batch = new List<(Tombstone Tombstone, long Deletes)>();
        await foreach (var tombstone in marks.ListAsync(bucket, prefix, after, cancellationToken).Take(BatchSize))
        {
            batch.Add((tombstone, locks.Deletes.Of(bucket, tombstone.Key)));
        }

        // In one place the keys come in its own order, too.
        var places = new Dictionary<RemoteBucket, RemoteKeys>();
        var idle = new List<(Tombstone Tombstone, long Deletes)>();
        foreach (var each in batch)
        {
            if (routes.Of(each.Tombstone.Key) is not { } place || !await HasAsync(place, each.Tombstone.Key))
            {
                idle.Add(each);
            }
        }

        count.AddLooked(batch.Count, places.Values.Sum(static keys => keys.Pages));

        // So that the bucket is not found empty, and deleted, while the remote comes to show in it. Not held while the remote is listed,
        // which may take long.
        using var shared = await locks.Buckets.ShareAsync(bucket, cancellationToken);
        await System.Threading.Tasks.Parallel.ForEachAsync(
            idle,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (each, token) => count.Add(
                await discards.DiscardAsync(bucket, each.Tombstone, () => locks.Deletes.Of(bucket, each.Tombstone.Key) == each.Deletes,
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
                    places.Add(place, keys = new RemoteKeys(place, prefix, logger));
                }

                return await keys.HasAsync(key, cancellationToken);
            }
            catch (RemoteException failure) when (failure.Failure == RemoteFailure.NoSuchBucket)
            {
                throw NoBucket(place);
            }
        }
    }

    private static S3Exception NoBucket(RemoteBucket remote) => new(
        S3Errors.InvalidBucketState,
        $"The remote has no bucket {remote.Name}, so that every tombstone would go. Where that is meant, discard them.");
}
