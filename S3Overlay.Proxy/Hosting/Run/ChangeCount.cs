using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>What differs from the remote because it was written or deleted here.</summary>
/// <param name="Written">Keys that were written.</param>
/// <param name="Deleted">Keys that were deleted. Those that the remote lacks do not count: nothing differs.</param>
/// <param name="Buckets">Buckets that were created or deleted.</param>
internal readonly record struct ChangeCount(long Written, long Deleted, long Buckets)
{
    /// <summary>More deletes than this are not compared with the remote: they all count.</summary>
    private const int MostCompared = 1000;

    /// <summary>How many questions to the remote run at once.</summary>
    private const int AtOnce = 16;

    private static readonly ListingQuery Everything = new("", "", ListingPosition.Start, 1000);

    public bool IsNone => this is { Written: 0, Deleted: 0, Buckets: 0 };

    /// <summary>Counts the changes in a store.</summary>
    public static async Task<ChangeCount> OfAsync(ProxyServices services, CancellationToken cancellationToken)
    {
        var state = services.Local.State;
        var (written, buckets) = (0L, 0L);
        foreach (var bucket in await state.ListBucketsAsync(cancellationToken))
        {
            await using var rows = state.ListWritten(bucket.Name, Everything);
            while (await rows.NextAsync(cancellationToken) is not null)
            {
                written++;
            }

            buckets += await IsBelowAsync(services, bucket.Name, cancellationToken) ? 0 : 1;
        }

        var deleted = 0L;
        await foreach (var bucket in services.Local.Marks.ListBucketsAsync(cancellationToken))
        {
            buckets += (await state.ResolveBucketAsync(bucket, cancellationToken)).IsOpaque ? 1 : 0;
            deleted += await CountDeletedAsync(services, bucket, cancellationToken);
        }

        return new(written, deleted, buckets);
    }

    /// <summary>Whether a remote has the bucket, so that only its local half was created here.</summary>
    private static async Task<bool> IsBelowAsync(ProxyServices services, string bucket, CancellationToken cancellationToken)
    {
        if (services.Remotes?.Buckets is not { } remotes || remotes.Find(bucket) is not { } routes)
        {
            return false;
        }

        try
        {
            return remotes.IsMapped(bucket)
                || (routes.Whole is { } whole && await whole.Remote.BucketExistsAsync(whole.Name, cancellationToken));
        }
        catch (RemoteException)
        {
            // Unknown. Its keys were counted.
            return true;
        }
    }

    private static async Task<long> CountDeletedAsync(ProxyServices services, string bucket, CancellationToken cancellationToken)
    {
        var (count, compared) = (0L, new List<string>());
        await foreach (var key in services.Local.State.ListDeletedAsync(bucket, "", "", cancellationToken))
        {
            if (compared.Count < MostCompared)
            {
                compared.Add(key);
            }
            else
            {
                count++;
            }
        }

        if (count > 0 || services.Overlay is not { Reader: var reader } || services.Remotes?.Buckets.Find(bucket) is not { } routes)
        {
            return count + compared.Count;
        }

        var hidden = 0L;
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(compared, atOnce, async (key, token) =>
        {
            try
            {
                if (routes.Of(key) is { } place && await reader.HeadAsync(bucket, key, place, mayBeStale: true, token) is not null)
                {
                    Interlocked.Increment(ref hidden);
                }
            }
            catch (RemoteException)
            {
                Interlocked.Increment(ref hidden);
            }
        });
        return hidden;
    }
}
