using System.Globalization;

using Microsoft.Extensions.Logging;

using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Requests;

/// <summary>
/// Requests as they are answered, for all open pages: one tail for each filter, and none while no page looks. A tail has a rate, so that a
/// busy proxy spends little on it; what is beyond the rate is counted. Each page may see requests by its own right; they are asked for with
/// the right of the first.
/// </summary>
internal sealed class RequestsFeed(TimeProvider time, ILogger<RequestsFeed> logger)
{
    /// <summary>Lines a second at most: more than anyone reads.</summary>
    public const int Rate = 80;

    /// <summary>Lines that a page begins with if others look already.</summary>
    private const int MostRecent = 100;

    /// <summary>Time between two updates of a page.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly Lock _lock = new();
    private readonly Dictionary<RequestFilter, Tail> _tails = [];

    /// <summary>The tails that run.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _tails.Count;
            }
        }
    }

    /// <summary>Begins to show requests on a page. Dispose the result when the page closes.</summary>
    /// <param name="gateway">The page's own.</param>
    /// <param name="filter">Which requests.</param>
    /// <param name="show">Gets new lines, the oldest first, a few times a second; or why there are no more.</param>
    public IDisposable Subscribe(
        ProxyGateway gateway, RequestFilter filter, Func<IReadOnlyList<TailDocument>, ProxyError?, Task> show)
    {
        lock (_lock)
        {
            if (!_tails.TryGetValue(filter, out var tail))
            {
                _tails[filter] = tail = new Tail(filter);
                _ = RunAsync(tail, gateway);
            }

            var page = new Subscription(this, tail, show, [.. tail.Recent]);
            tail.Pages.Add(page);
            return page;
        }
    }

    private async Task RunAsync(Tail tail, ProxyGateway gateway)
    {
        await Task.Yield();
        var ending = tail.Ending.Token;
        var showing = ShowAsync(tail, ending);
        ProxyError? problem = null;
        try
        {
            var query = tail.Filter.Query().With("rate", Rate.ToString(CultureInfo.InvariantCulture));
            await foreach (var line in gateway.ListAsync<TailDocument>("tail", query, ending))
            {
                lock (_lock)
                {
                    tail.Add(line, MostRecent);
                }
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return;
        }
        catch (ProxyError refusal)
        {
            problem = refusal;
        }
        catch (Exception failure)
        {
            Logged.Failed(logger, "requests", failure);
            problem = new ProxyError(500, "InternalError", "The requests cannot be read. The log of the proxy says why.");
        }

        // The proxy stops, or refuses: the pages learn it, and may try again.
        List<Subscription> pages;
        lock (_lock)
        {
            _tails.Remove(tail.Filter);
            pages = [.. tail.Pages];
        }

        await tail.Ending.CancelAsync();
        await showing;
        foreach (var page in pages)
        {
            await page.ShowAsync([], problem ?? new ProxyError(503, "TailEnded", "The proxy sends no more requests. Resume to try again."));
        }
    }

    private async Task ShowAsync(Tail tail, CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            await Task.Delay(Pause, time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            List<(Subscription Page, IReadOnlyList<TailDocument> Lines)> all;
            lock (_lock)
            {
                var lines = tail.Take();
                all = [.. tail.Pages.Select(page => (page, page.Take(lines))).Where(static each => each.Item2.Count > 0)];
            }

            foreach (var (page, lines) in all)
            {
                await page.ShowAsync(lines, null);
            }
        }
    }

    private void Leave(Subscription page, Tail tail)
    {
        lock (_lock)
        {
            if (tail.Pages.Remove(page) && tail.Pages.Count == 0 && _tails.GetValueOrDefault(tail.Filter) == tail)
            {
                _tails.Remove(tail.Filter);
                tail.Ending.Cancel();
            }
        }
    }

    private sealed class Tail(RequestFilter filter)
    {
        private List<TailDocument> _new = [];

        public RequestFilter Filter => filter;

        public CancellationTokenSource Ending { get; } = new();

        public List<Subscription> Pages { get; } = [];

        public Queue<TailDocument> Recent { get; } = [];

        public void Add(TailDocument line, int most)
        {
            _new.Add(line);
            Recent.Enqueue(line);
            if (Recent.Count > most)
            {
                Recent.Dequeue();
            }
        }

        public IReadOnlyList<TailDocument> Take()
        {
            var lines = _new;
            _new = [];
            return lines;
        }
    }

    private sealed class Subscription(
        RequestsFeed feed, Tail tail, Func<IReadOnlyList<TailDocument>, ProxyError?, Task> show, IReadOnlyList<TailDocument> recent)
        : IDisposable
    {
        /// <summary>What it began with; empty once it was shown.</summary>
        private IReadOnlyList<TailDocument> _recent = recent;

        /// <summary>The lines to show: what is new, and at first what was there. A line that is both is shown once.</summary>
        public IReadOnlyList<TailDocument> Take(IReadOnlyList<TailDocument> lines)
        {
            var all = _recent.Count == 0 ? lines : [.. _recent.Union(lines, ReferenceEqualityComparer.Instance).Cast<TailDocument>()];
            _recent = [];
            return all;
        }

        public async Task ShowAsync(IReadOnlyList<TailDocument> lines, ProxyError? problem)
        {
            try
            {
                await show(lines, problem);
            }
            catch (ObjectDisposedException)
            {
                // The page has closed.
            }
        }

        public void Dispose() => feed.Leave(this, tail);
    }
}
