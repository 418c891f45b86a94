using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Brings objects into the cache by the ordinary fills, and sends them nowhere. Only missing bytes are requested. Bytes that a running fill
/// brings are waited for, and clients that read the same object share the request.
/// </summary>
public sealed class WarmReads
{
    private const int MaxRestarts = 4;

    private readonly Fills _fills;
    private readonly CacheEntries _entries;
    private readonly EntryFreshness _freshness;

    internal WarmReads(Fills fills, CacheEntries entries, EntryFreshness freshness) =>
        (_fills, _entries, _freshness) = (fills, entries, freshness);

    /// <summary>Bytes of the whole blocks that cover some bytes of an object: what a fill brings for them.</summary>
    public long RoomFor(IReadOnlyList<RangeHeader> ranges, long size) =>
        Wanted(ranges, size, _entries.ChunkSizeOf(size)).Sum(static range => range.Length);

    /// <summary>Brings bytes of an object.</summary>
    /// <param name="bucket">The client's bucket.</param>
    /// <param name="key">The client's key.</param>
    /// <param name="remote">Its remote bucket.</param>
    /// <param name="ranges">The bytes; none for the whole object.</param>
    /// <param name="listed">What a listing just said of it, which saves asking; null for nothing.</param>
    /// <param name="cancellationToken">Ends the wait. A fill under way ends with its chunk.</param>
    /// <exception cref="RemoteException">The remote failed.</exception>
    /// <exception cref="S3Exception">The cache cannot be read.</exception>
    public async Task<WarmResult> WarmAsync(string bucket, string key, RemoteBucket remote, IReadOnlyList<RangeHeader> ranges,
        ListedVersion? listed, CancellationToken cancellationToken)
    {
        var name = new ObjectName(bucket, key);
        for (var restarts = 0; restarts <= MaxRestarts; restarts++)
        {
            var inUse = _fills.Objects.Find(name);
            var completions = _fills.Objects.Completions(name);
            var entry = await _entries.FindAsync(name, remote, LookupHint.Info, cancellationToken);
            var outdated = entry is null ? null : await OutdatedAsync(name, remote, entry, listed, cancellationToken);
            if (entry is not null && outdated is not null)
            {
                await entry.DisposeAsync();
                entry = null;
            }
            else if (entry is null)
            {
                // In use but not found: it was evicted.
                inUse?.Retire();
            }

            using var read = _fills.Follow(isExact: ranges.Count > 0);
            ActiveEntry? active;
            var (held, missing) = entry is null ? (0, 0) : Count(entry, ranges);
            if (entry is not null)
            {
                if (missing == 0)
                {
                    await entry.DisposeAsync();
                    return new WarmResult(WarmOutcome.Held, 0, held);
                }

                active = await _fills.AttachAsync(name, remote, entry, read, mayLookAgain: true, cancellationToken);
            }
            else
            {
                var first = ranges.Count == 0 ? (RangeHeader?)null : ranges[0];
                var start = await _fills.OpenAsync(name, remote, first, completions, outdated, isFromNow: false, read, cancellationToken);
                if (start.Failure is { } failure)
                {
                    // An empty object has no range.
                    return failure.Failure == RemoteFailure.InvalidRange ? new WarmResult(WarmOutcome.Held, 0, 0) : throw failure.Anew();
                }

                if (start.Uncached is { } uncached)
                {
                    await uncached.DisposeAsync();
                    return new WarmResult(ETags.IsStrong(uncached.Info.ETag) ? WarmOutcome.NoRoom : WarmOutcome.NotCached, 0, 0);
                }

                active = start.Active;
                if (active is not null)
                {
                    // What this call's own fill has stored by now was missing.
                    (held, missing) = Count(active.Entry, ranges);
                    (held, missing) = start.IsOfAnother ? (held, missing) : (0, held + missing);
                }
            }

            if (active is not null && await FollowAsync(active, ranges, held, missing, read, cancellationToken) is { } result)
            {
                return result;
            }
        }

        return new WarmResult(WarmOutcome.NoRoom, 0, 0);
    }

    /// <summary>The entry's ETag if the remote has another version; null if the entry may be used. Keeps the entry.</summary>
    private async ValueTask<string?> OutdatedAsync(ObjectName name, RemoteBucket remote, ICacheEntry entry, ListedVersion? listed,
        CancellationToken cancellationToken)
    {
        try
        {
            if (_freshness.IsFresh(entry))
            {
                return null;
            }

            if (listed is { } now && now.IsOf(entry.Info))
            {
                await _fills.RenewAsync(name, entry.Info.ETag, now.At, null);
                return null;
            }

            var verdict = await _freshness.JudgeAsync(name, remote, entry, mayBeStale: false, isDoubted: false, cancellationToken);
            return verdict.Failure is { } failure ? throw failure.Anew()
                : verdict.Use == EntryUsability.Outdated ? entry.Info.ETag : null;
        }
        catch
        {
            await entry.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until all bytes are cached, and leaves the entry. Null if another version came.</summary>
    private async Task<WarmResult?> FollowAsync(ActiveEntry active, IReadOnlyList<RangeHeader> ranges, long held, long missing,
        FillSubscription read, CancellationToken cancellationToken)
    {
        try
        {
            var entry = active.Entry;
            foreach (var range in Wanted(entry, ranges))
            {
                for (var position = range.First; position <= range.Last;)
                {
                    if (entry.FirstCached(position) is { } run && run.First <= position)
                    {
                        position = run.Last + 1;
                        continue;
                    }

                    var progress = await active.EnsureAsync(position, range.Last, read, cancellationToken);
                    if (progress != FillProgress.Ready)
                    {
                        return progress == FillProgress.VersionChanged ? null
                            : new WarmResult(WarmOutcome.NoRoom, Count(entry, ranges).Held - held, held);
                    }
                }
            }

            // A small entry gets its file behind its readers, and none on a full disk. An S3 store may refuse what it gets from the spool.
            var lasts = await _entries.SettleAsync(active.Name, cancellationToken) && entry.IsCurrent && Count(entry, ranges).Missing == 0;
            return lasts ? new WarmResult(WarmOutcome.Brought, missing, held) : new WarmResult(WarmOutcome.NotCached, 0, 0);
        }
        finally
        {
            await active.LeaveAsync();
        }
    }

    private (long Held, long Missing) Count(ICacheEntry entry, IReadOnlyList<RangeHeader> ranges)
    {
        var (held, missing) = (0L, 0L);
        foreach (var range in Wanted(entry, ranges))
        {
            for (var position = range.First; position <= range.Last;)
            {
                var run = entry.FirstCached(position) is { } next && next.First <= range.Last ? next : default(ByteRange?);
                missing += (run?.First ?? range.Last + 1) is var first && first > position ? first - position : 0;
                var end = Math.Min(range.Last, run?.Last ?? range.Last);
                held += run is { } cached ? end - Math.Max(cached.First, position) + 1 : 0;
                position = end + 1;
            }
        }

        return (held, missing);
    }

    private IEnumerable<ByteRange> Wanted(ICacheEntry entry, IReadOnlyList<RangeHeader> ranges) =>
        Wanted(ranges, entry.Info.Size, entry.Identity.ChunkSize);

    /// <summary>The whole blocks that cover the wanted bytes, each byte once. An object cached whole is one chunk.</summary>
    private static IEnumerable<ByteRange> Wanted(IReadOnlyList<RangeHeader> ranges, long size, long chunk)
    {
        if (size == 0)
        {
            yield break;
        }

        if (chunk == 0 || ranges.Count == 0)
        {
            yield return new ByteRange(0, size - 1);
            yield break;
        }

        var next = 0L;
        var geometry = new BlockGeometry(size, chunk);
        var touched = ranges.Select(range => range.Resolve(size)).OfType<ByteRange>().Select(geometry.Around);
        foreach (var range in touched.OrderBy(static range => range.First))
        {
            if (Math.Max(range.First, next) is var first && first <= range.Last)
            {
                yield return new ByteRange(first, range.Last);
                next = range.Last + 1;
            }
        }
    }
}

/// <summary>A version of an object in a listing of the remote.</summary>
/// <param name="ETag">Its ETag.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="LastModified">Its date.</param>
/// <param name="At">A moment before the listing was requested.</param>
public readonly record struct ListedVersion(string ETag, long Size, DateTimeOffset LastModified, DateTimeOffset At)
{
    internal bool IsOf(ObjectInfo info) => ETags.Same(info.ETag, ETag) && info.Size == Size
        && HttpDates.WholeSeconds(info.LastModified) == HttpDates.WholeSeconds(LastModified);
}

/// <summary>What came of warming an object.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Brought">Bytes that the remote sent for it.</param>
/// <param name="Held">Bytes of it that were cached before.</param>
public readonly record struct WarmResult(WarmOutcome Outcome, long Brought, long Held);

/// <summary>What came of warming an object.</summary>
public enum WarmOutcome
{
    /// <summary>All of it was cached before.</summary>
    Held,

    /// <summary>What was missing is cached now.</summary>
    Brought,

    /// <summary>It is not cached: it has no strong ETag, could not be stored, or was evicted at once.</summary>
    NotCached,

    /// <summary>It cannot be cached now: there is no room, or it changes all the time.</summary>
    NoRoom,
}
