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
    /// <param name="fromNow">Whether it begins with the next request, and not with those that other pages have.</param>
    /// <param name="show">Gets new lines, the oldest first, a few times a second; or why there are no more.</param>
    public IDisposable Subscribe(
        ProxyGateway gateway, RequestFilter filter, bool fromNow, Func<IReadOnlyList<TailDocument>, ProxyError?, Task> show)
    {
        lock (_lock)
        {
            if (!_tails.TryGetValue(filter, out var tail))
            {
                _tails[filter] = tail = new Tail(filter);
                _ = RunAsync(tail);
            }

            var page = new Subscription(this, tail, gateway, show) { Seen = fromNow ? tail.Count : 0 };
            tail.Pages.Add(page);
            return page;
        }
    }

    private async Task RunAsync(Tail tail)
    {
        await Task.Yield();
        var ending = tail.Ending.Token;
        var showing = ShowAsync(tail, ending);
        ProxyError? problem = null;
        while (problem is null && FirstOf(tail) is { } first)
        {
            try
            {
                var query = tail.Filter.Query().With("rate", Rate.ToString(CultureInfo.InvariantCulture));
                await foreach (var line in first.Gateway.ListAsync<TailDocument>("tail", query, ending))
                {
                    lock (_lock)
                    {
                        tail.Add(line);
                    }
                }

                problem = new ProxyError(503, "TailEnded", "The proxy sends no more requests. Resume to try again.");
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
            catch (ProxyError refusal) when (refusal.Status is 401 or 403)
            {
                // Its key is gone, or has no right to the requests. The others go on with the next one.
                Leave(first, tail);
                await first.ShowAsync([], refusal);
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
        }

        await EndAsync(tail, showing, problem);
    }

    /// <summary>The proxy stops, or refuses: the pages get what is left and the reason, and may try again.</summary>
    private async Task EndAsync(Tail tail, Task showing, ProxyError? problem)
    {
        await tail.Ending.CancelAsync();
        await showing;
        List<(Subscription Page, IReadOnlyList<TailDocument> Lines)> all;
        lock (_lock)
        {
            if (_tails.GetValueOrDefault(tail.Filter) == tail)
            {
                _tails.Remove(tail.Filter);
            }

            all = tail.Take();
        }

        foreach (var (page, lines) in all)
        {
            await page.ShowAsync(lines, problem);
        }
    }

    private Subscription? FirstOf(Tail tail)
    {
        lock (_lock)
        {
            return tail.Pages.FirstOrDefault();
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
                all = tail.Take();
            }

            foreach (var (page, lines) in all.Where(static each => each.Lines.Count > 0))
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

    /// <summary>A tail and its pages. All members are for the holder of the lock.</summary>
    private sealed class Tail(RequestFilter filter)
    {
        /// <summary>The newest lines. No page keeps more, so none waits for a page that takes long to draw.</summary>
        private readonly Queue<TailDocument> _lines = new(RequestLines.Most);

        public long Count { get; private set; }

        public RequestFilter Filter => filter;

        public CancellationTokenSource Ending { get; } = new();

        public List<Subscription> Pages { get; } = [];

        public void Add(TailDocument line)
        {
            if (_lines.Count == RequestLines.Most)
            {
                _lines.Dequeue();
            }

            _lines.Enqueue(line);
            Count++;
        }

        /// <summary>For each page the lines that it does not have yet; at first those that others have seen.</summary>
        public List<(Subscription Page, IReadOnlyList<TailDocument> Lines)> Take()
        {
            List<(Subscription, IReadOnlyList<TailDocument>)> all = [];
            foreach (var page in Pages)
            {
                var missing = (int)Math.Min(Count - page.Seen, _lines.Count);
                page.Seen = Count;
                all.Add((page, missing == 0 ? [] : [.. _lines.Skip(_lines.Count - missing)]));
            }

            return all;
        }
    }

    private sealed class Subscription(
        RequestsFeed feed, Tail tail, ProxyGateway gateway, Func<IReadOnlyList<TailDocument>, ProxyError?, Task> show) : IDisposable
    {
        public ProxyGateway Gateway => gateway;

        /// <summary>How many of the tail's lines it has got.</summary>
        public long Seen { get; set; }

        public async Task ShowAsync(IReadOnlyList<TailDocument> lines, ProxyError? problem)
        {
            try
            {
                await show(lines, problem);
            }
            catch (Exception)
            {
                // The page has closed, or cannot be drawn. The others go on.
                Dispose();
            }
        }

        public void Dispose() => feed.Leave(this, tail);
    }
}
