using Microsoft.Extensions.Logging;

using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Overview;

/// <summary>
/// The numbers of the overview, asked for once for all open pages, and only while there are any. Each page may see them by its own right;
/// they are asked for with the right of the first.
/// </summary>
internal sealed class OverviewFeed(TimeProvider time, ILogger<OverviewFeed> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>A rate over less jumps, and one over more is not of now.</summary>
    private static readonly TimeSpan ShortestRate = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRate = TimeSpan.FromSeconds(10);

    /// <summary>The history has a new sample every ten seconds. The status changes rarely, and is read then, too.</summary>
    private const int RoundsPerHistory = 5;

    private readonly Lock _lock = new();
    private readonly List<Subscription> _pages = [];
    private CancellationTokenSource? _running;

    /// <summary>The numbers before, and the rate between them. A page that opens does not wait for two.</summary>
    private ProxyStatistics? _last;
    private double? _rate;

    /// <summary>Whether the last numbers could not be read: only the first failure of a series is logged.</summary>
    private bool _isFailing;

    /// <summary>Begins to show numbers on a page. Dispose the result when the page closes.</summary>
    /// <param name="gateway">The page's own.</param>
    /// <param name="show">Gets them about every two seconds, or why there are none.</param>
    public IDisposable Subscribe(ProxyGateway gateway, Func<OverviewNumbers?, ProxyError?, Task> show)
    {
        var page = new Subscription(this, gateway, show);
        lock (_lock)
        {
            _pages.Add(page);

            // Starts anew for each page, so that none waits for its first numbers.
            _running?.Cancel();
            _running = new();
            _ = RunAsync(_running.Token);
        }

        return page;
    }

    private async Task RunAsync(CancellationToken ending)
    {
        await Task.Yield();
        var (history, status) = ((HistoryDocument?)null, (StatusDocument?)null);
        for (var round = 0; !ending.IsCancellationRequested; round++)
        {
            Subscription[] pages;
            lock (_lock)
            {
                pages = [.. _pages];
            }

            if (pages is not [var first, ..])
            {
                return;
            }

            (OverviewNumbers?, ProxyError?) found;
            try
            {
                var isRare = round % RoundsPerHistory == 0;
                history = history is null || isRare ? await first.Gateway.GetAsync<HistoryDocument>("history", null, ending) : history;
                status = status?.Changes is null || isRare ? await first.Gateway.GetAsync<StatusDocument>("status", null, ending) : status;
                var stats = await first.Gateway.GetAsync<StatsDocument>("stats", null, ending);
                var now = new ProxyStatistics(stats, time.GetTimestamp());
                found = (new OverviewNumbers(status, stats, history, RateOf(now)), null);
                _isFailing = false;
            }
            catch (ProxyError refusal) when (refusal.Status is 401 or 403)
            {
                // Its key is gone, or has no right to the numbers. The others go on with the next one.
                Leave(first);
                await first.ShowAsync(null, refusal);
                continue;
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                if (!_isFailing)
                {
                    Logged.Failed(logger, "overview", failure);
                }

                _isFailing = true;
                found = (null, failure as ProxyError
                    ?? new ProxyError(500, "InternalError", "The numbers cannot be read. The log of the proxy says why."));
            }

            foreach (var page in pages)
            {
                await page.ShowAsync(found.Item1, found.Item2);
            }

            await Task.Delay(Pause, time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private double? RateOf(ProxyStatistics now)
    {
        var elapsed = _last is { } last ? time.GetElapsedTime(last.At, now.At) : TimeSpan.MaxValue;
        if (elapsed >= ShortestRate)
        {
            _rate = elapsed > LongestRate ? null
                : (now.Stats.Requests.Total - _last!.Stats.Requests.Total) / elapsed.TotalSeconds;
            _last = now;
        }

        return _rate;
    }

    private void Leave(Subscription page)
    {
        lock (_lock)
        {
            if (_pages.Remove(page) && _pages.Count == 0)
            {
                _running?.Cancel();
                _running = null;
            }
        }
    }

    private sealed record ProxyStatistics(StatsDocument Stats, long At);

    private sealed class Subscription(OverviewFeed feed, ProxyGateway gateway, Func<OverviewNumbers?, ProxyError?, Task> show) : IDisposable
    {
        public ProxyGateway Gateway => gateway;

        public async Task ShowAsync(OverviewNumbers? numbers, ProxyError? problem)
        {
            try
            {
                await show(numbers, problem);
            }
            catch (Exception)
            {
                // The page has closed, or cannot be drawn. The others go on.
                Dispose();
            }
        }

        public void Dispose() => feed.Leave(this);
    }
}

/// <summary>All that the overview shows.</summary>
/// <param name="RequestRate">Requests a second since the last numbers; null at first.</param>
public sealed record OverviewNumbers(StatusDocument Status, StatsDocument Stats, HistoryDocument History, double? RequestRate);
