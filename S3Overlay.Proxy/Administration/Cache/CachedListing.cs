using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration.Cache;

/// <summary>Lists cache entries, in the order of their keys or sorted. Looking does not count as a use.</summary>
/// <remarks>
/// Memory is bounded: in key order, entries are looked at a few at a time; a sorted list keeps only its first rows while it walks all
/// entries. Sizes and last uses come from the store's rows as far as it has them, so that only the rows shown are looked at.
/// </remarks>
internal sealed class CachedListing(ICacheStore cache, CachePins pins, IRemoteReader reader, BucketDirectory directory, TimeProvider time)
{
    /// <summary>Entries looked at in parallel: each takes a round trip to a store behind a network.</summary>
    private const int Parallel = 16;

    /// <summary>Lists entries.</summary>
    /// <param name="scope">Which ones.</param>
    /// <param name="sort">Their order.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="after">In the order of keys, where to begin: behind this entry, which may be gone. Null for the start.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="S3Exception">ServiceUnavailable if the cache cannot be listed.</exception>
    public async IAsyncEnumerable<CachedRow> ListAsync(AdministrationScope scope, CachedSort sort, int limit, ObjectName? after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await RefreshPinsAsync(cancellationToken);
        var found = sort == CachedSort.Key ? UsagesAsync(scope, after, cancellationToken)
            : (await FirstAsync(scope, sort, limit, cancellationToken)).ToAsyncEnumerable();
        var looking = new Queue<Task<CachedRow?>>();
        var shown = 0;
        await using var usages = found.GetAsyncEnumerator(cancellationToken);
        while (shown < limit)
        {
            while (looking.Count < Parallel && await NextAsync(usages) is { } next)
            {
                looking.Enqueue(LookAsync(next.Bucket, next.Usage, cancellationToken));
            }

            if (!looking.TryDequeue(out var first))
            {
                yield break;
            }

            if (await first is { } row)
            {
                shown++;
                yield return row;
            }
        }
    }

    /// <summary>The first rows of a sorted list: the largest, the oldest, or those not used for longest.</summary>
    private async Task<IReadOnlyList<(string Bucket, EntryUsage Usage)>> FirstAsync(AdministrationScope scope, CachedSort sort, int limit,
        CancellationToken cancellationToken)
    {
        var first = new PriorityQueue<(string Bucket, EntryUsage Usage), long>();
        await using var usages = UsagesAsync(scope, null, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var batch = new List<Task<(string Bucket, EntryUsage Usage, long? Rank)>>(Parallel);
        do
        {
            batch.Clear();
            while (batch.Count < Parallel && await NextAsync(usages) is { } next)
            {
                batch.Add(RankAsync(next.Bucket, next.Usage, sort, cancellationToken));
            }

            foreach (var (bucket, usage, rank) in await Task.WhenAll(batch))
            {
                if (rank is { } known)
                {
                    first.Enqueue((bucket, usage), known);
                    if (first.Count > limit)
                    {
                        first.Dequeue();
                    }
                }
            }
        }
        while (batch.Count == Parallel);

        var rows = new (string Bucket, EntryUsage Usage)[first.Count];
        for (var at = rows.Length - 1; at >= 0; at--)
        {
            rows[at] = first.Dequeue();
        }

        return rows;
    }

    /// <summary>An entry's rank, the highest first; null if it is gone.</summary>
    private async Task<(string Bucket, EntryUsage Usage, long? Rank)> RankAsync(string bucket, EntryUsage usage, CachedSort sort,
        CancellationToken cancellationToken)
    {
        if (sort == CachedSort.Size && usage.Bytes is { } bytes)
        {
            return (bucket, usage, bytes);
        }

        if (sort == CachedSort.Used && usage.Used is { } used)
        {
            return (bucket, usage, -used.UtcTicks);
        }

        return (bucket, usage, await DescribeAsync(bucket, usage.Key, cancellationToken) is not { } entry ? null : sort switch
        {
            CachedSort.Size => entry.Bytes,
            CachedSort.Age => -entry.ValidatedAt.UtcTicks,
            _ => -(entry.Used ?? entry.ValidatedAt).UtcTicks,
        });
    }

    private async Task<CachedRow?> LookAsync(string bucket, EntryUsage usage, CancellationToken cancellationToken)
    {
        if (await DescribeAsync(bucket, usage.Key, cancellationToken) is not { } entry)
        {
            return null;
        }

        var state = directory.Below(bucket)?.Of(usage.Key) is not { } below
            || !reader.CanUse(entry.Identity, entry.Info, usage.Key, below) ? CachedState.Unusable
            : reader.IsFresh(entry.ValidatedAt) ? CachedState.Fresh : CachedState.Stale;
        return new CachedRow(bucket, entry with { Used = entry.Used ?? usage.Used }, state, time.GetUtcNow() - entry.ValidatedAt,
            pins.Has(bucket, usage.Key));
    }

    private async ValueTask<EntryDetail?> DescribeAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        try
        {
            return await cache.DescribeAsync(bucket, key, cancellationToken);
        }
        catch (IOException failure)
        {
            throw Unlistable(failure);
        }
    }

    private static async ValueTask<(string Bucket, EntryUsage Usage)?> NextAsync(
        IAsyncEnumerator<(string Bucket, EntryUsage Usage)> usages)
    {
        try
        {
            return await usages.MoveNextAsync() ? usages.Current : null;
        }
        catch (IOException failure)
        {
            throw Unlistable(failure);
        }
    }

    /// <summary>Other proxies of the store may have changed them.</summary>
    private async Task RefreshPinsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await pins.RefreshAsync(cancellationToken);
        }
        catch (IOException failure)
        {
            throw Unlistable(failure);
        }
    }

    private static S3Exception Unlistable(IOException failure) =>
        new(S3Errors.ServiceUnavailable, "The cache cannot be listed at the moment.", failure);

    /// <summary>The entries of a scope, each key once: for a moment there may be rows of two versions.</summary>
    private async IAsyncEnumerable<(string Bucket, EntryUsage Usage)> UsagesAsync(AdministrationScope scope, ObjectName? after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (scope is { Bucket: { } name, Key: { } key })
        {
            yield return (name, new EntryUsage(key, 0, null, null));
            yield break;
        }

        var buckets = scope.Bucket is { } one ? [one]
            : (await cache.ListBucketsAsync(cancellationToken).ToListAsync(cancellationToken)).Order(StringComparer.Ordinal).ToArray();
        foreach (var bucket in buckets.Where(bucket => string.CompareOrdinal(bucket, after?.Bucket) >= 0))
        {
            var last = bucket == after?.Bucket ? after?.Key : null;
            await foreach (var usage in cache.ListUsagesAsync(bucket, scope.Prefix ?? "", last ?? "", cancellationToken))
            {
                if (usage.Key != last)
                {
                    last = usage.Key;
                    yield return (bucket, usage);
                }
            }
        }
    }
}

/// <summary>The order of a list of entries.</summary>
public enum CachedSort
{
    /// <summary>By bucket and key.</summary>
    Key,

    /// <summary>The most cached bytes first.</summary>
    Size,

    /// <summary>The longest time since the entry was known to be current first.</summary>
    Age,

    /// <summary>The longest unused first, which is the order of eviction.</summary>
    Used,
}

/// <summary>A cache entry in a list.</summary>
/// <param name="Bucket">The client's bucket.</param>
/// <param name="Entry">The entry.</param>
/// <param name="State">Whether reads use it.</param>
/// <param name="Age">Time since it was last known to be current.</param>
/// <param name="IsPinned">True if it is not evicted to make room.</param>
public sealed record CachedRow(string Bucket, EntryDetail Entry, CachedState State, TimeSpan Age, bool IsPinned);

/// <summary>Whether reads use an entry.</summary>
public enum CachedState
{
    /// <summary>Reads use it without asking the remote (rule S1).</summary>
    Fresh,

    /// <summary>The next read asks the remote whether it is current.</summary>
    Stale,

    /// <summary>It is of another remote or chunk size than the settings say now; the next read evicts it.</summary>
    Unusable,
}
