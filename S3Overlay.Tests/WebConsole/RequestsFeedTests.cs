using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Pages.Requests;

namespace S3Overlay.Tests.WebConsole;

/// <summary>Pages that share a tail of requests.</summary>
public sealed class RequestsFeedTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly Pipe _tail = new();
    private readonly FakeProxy _proxy;
    private readonly RequestsFeed _feed;

    public RequestsFeedTests()
    {
        _feed = new(_time, new EventLogger<RequestsFeed>());
        _proxy = new(_time) { Answer = _ => (200, _tail.Reader.AsStream()) };
    }

    [Fact]
    public async Task A_page_begins_with_what_others_saw_but_not_after_a_pause()
    {
        using var first = new Page(_feed, _proxy);
        await SendAsync("a", "b");
        await UntilAsync(() => first.Keys.Count == 2);
        using var second = new Page(_feed, _proxy);
        using var resumed = new Page(_feed, _proxy, fromNow: true);
        await SendAsync("c");
        await UntilAsync(() => first.Keys.Count == 3 && second.Keys.Count == 3 && !resumed.Keys.IsEmpty);

        Assert.Equal(["a", "b", "c"], first.Keys);
        Assert.Equal(["a", "b", "c"], second.Keys);
        Assert.Equal(["c"], resumed.Keys);
        Assert.Equal((1, 1), (_proxy.Requests, _feed.Count));
    }

    [Fact]
    public async Task A_page_gets_no_more_lines_at_once_than_it_keeps()
    {
        using var page = new Page(_feed, _proxy);
        var all = Enumerable.Range(0, 5000).Select(static at => $"k{at:0000}").ToArray();
        await SendAsync(all);
        await UntilAsync(() => page.Keys.Contains("k4999"));

        Assert.InRange(page.Most, 1, RequestLines.Most);
        Assert.Equal(page.Keys.Order(StringComparer.Ordinal), page.Keys);
    }

    [Fact]
    public async Task A_page_whose_key_may_not_see_them_leaves_and_the_others_go_on()
    {
        using var asked = new ManualResetEventSlim();
        var refusing = new FakeProxy(_time)
        {
            Answer = _ => asked.Wait(Patience.Limit) ? (403, FakeProxy.TextOf("""{"code":"AccessDenied","message":"No."}"""))
                : throw new TimeoutException(),
        };
        using var first = new Page(_feed, refusing);
        using var second = new Page(_feed, _proxy);
        asked.Set();
        await SendAsync("a");
        await UntilAsync(() => !second.Keys.IsEmpty);

        Assert.Equal((403, null), (first.Problem?.Status, second.Problem));
        Assert.Empty(first.Keys);
    }

    [Fact]
    public async Task When_the_proxy_stops_pages_get_what_is_left_and_the_reason()
    {
        using var page = new Page(_feed, _proxy);
        await SendAsync("a");
        await _tail.Writer.WriteAsync("""{"done":true}"""u8.ToArray());
        await _tail.Writer.CompleteAsync();
        await UntilAsync(() => page.Problem is not null);

        Assert.Equal(("TailEnded", 0), (page.Problem!.Code, _feed.Count));
        Assert.Equal(["a"], page.Keys);
    }

    private async Task SendAsync(params string[] keys) => await _tail.Writer.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(
        keys.Select(static key => $$"""{"time":"2026-11-26T12:00:00Z","bucket":"photos","key":"{{key}}","status":200}""" + "\n"))));

    /// <summary>Lets time pass until something has happened.</summary>
    private async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience.Limit);
        while (!holds())
        {
            patience.Token.ThrowIfCancellationRequested();
            _time.Advance(TimeSpan.FromMilliseconds(300));
            await Task.Yield();
        }
    }

    /// <summary>A page that notes what it is shown.</summary>
    private sealed class Page : IDisposable
    {
        private readonly IDisposable _subscription;

        public Page(RequestsFeed feed, FakeProxy proxy, bool fromNow = false) =>
            _subscription = feed.Subscribe(proxy.Gateway, RequestFilter.All, fromNow, (lines, problem) =>
            {
                Most = Math.Max(Most, lines.Count);
                Problem ??= problem;
                foreach (var line in lines)
                {
                    Keys.Enqueue(line.Key);
                }

                return Task.CompletedTask;
            });

        public ConcurrentQueue<string> Keys { get; } = [];

        public int Most { get; private set; }

        public ProxyError? Problem { get; private set; }

        public void Dispose() => _subscription.Dispose();
    }
}
