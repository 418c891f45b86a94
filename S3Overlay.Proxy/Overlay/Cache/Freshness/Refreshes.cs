using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// Revalidates entries in the background near the end of their lifetime (rule S4), once each. If a fully cached object changed, its new
/// version is filled at once, so that no reader waits. If the remote gives no verdict, the entry is left alone until its lifetime ends.
/// </summary>
internal sealed class Refreshes(FreshnessSettings settings, Revalidations revalidations, ICachedVersions versions,
    RevalidationBudget budget, TimeProvider time)
{
    /// <summary>Above this many remembered attempts, all are forgotten.</summary>
    private const int Limit = 10_000;

    private readonly ConcurrentDictionary<ObjectName, long> _tried = new();
    private int _underWay;

    public int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>Starts to revalidate an entry, unless this is under way or was tried.</summary>
    public void Begin(ObjectName name, RemoteBucket remote, ICacheEntry entry)
    {
        if (WasTried(name) || budget.IsDoubtful(remote, name.Key))
        {
            return;
        }

        var (known, since) = (entry.Info, versions.PointOf(name));
        Interlocked.Increment(ref _underWay);
        if (revalidations.TryAskAsync(name, remote, known) is not { } asked)
        {
            Interlocked.Decrement(ref _underWay);
            return;
        }

        if (_tried.Count >= Limit)
        {
            _tried.Clear();
        }

        _tried[name] = time.GetTimestamp();
        var isWhole = entry.Identity.ChunkSize == 0
            && (known.Size == 0 || entry.FirstHeld(0) is { First: 0 } all && all.Length == known.Size);
        _ = EndAsync(name, remote, known.ETag, isWhole ? since : null, asked);
    }

    private bool WasTried(ObjectName name) =>
        !_tried.IsEmpty && _tried.TryGetValue(name, out var tried) && time
            .GetElapsedTime(tried) < settings.Revalidation.Life - EntryLifetime.FreshOf(settings);

    private async Task EndAsync(ObjectName name, RemoteBucket remote, string etag, RefillPoint? since, Task<RevalidationOutcome> asked)
    {
        try
        {
            var outcome = await asked;
            if (outcome.Result != RevalidationResult.Unknown)
            {
                _tried.TryRemove(name, out _);
                if (outcome is { Result: RevalidationResult.Changed, Info: { } newer } && since is { } point)
                {
                    await versions.RefillAsync(name, remote, newer, etag, point);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }
}
