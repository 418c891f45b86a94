using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// Compares copies whose life is about to end with the remote while they are served (rule S4): once, since what comes of it is a copy that
/// is as good as new, or one that is dropped. A new version of an object all of which was held is fetched at once, so that no reader waits
/// for it. Where the remote does not tell, the copy is left alone until its life is over.
/// </summary>
/// <param name="settings">How long copies live.</param>
/// <param name="revalidations">Asks.</param>
/// <param name="held">Fetches new versions.</param>
/// <param name="patience">Which remotes are not to be asked for a copy that can still be served without.</param>
/// <param name="time">The clock.</param>
internal sealed class Refreshes(FreshnessSettings settings, Revalidations revalidations, ICachedVersions held, RevalidationBudget patience,
    TimeProvider time)
{
    /// <summary>Beyond this many those that were tried are forgotten, and tried once more.</summary>
    private const int Limit = 10_000;

    private readonly ConcurrentDictionary<ObjectName, long> _tried = new();
    private int _underWay;

    /// <summary>How many copies are being compared while they are served, or fetched anew.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>Begins to compare a copy, unless that is under way or was tried.</summary>
    public void Begin(ObjectName name, RemoteBucket remote, ICacheEntry copy)
    {
        if (WasTried(name) || patience.IsDoubtful(remote, name.Key))
        {
            return;
        }

        var (known, since) = (copy.Info, held.PointOf(name));
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
        var isWhole = copy.Identity.ChunkSize == 0
            && (known.Size == 0 || copy.FirstHeld(0) is { First: 0 } all && all.Length == known.Size);
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
                    await held.RefillAsync(name, remote, newer, etag, point);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }
}
