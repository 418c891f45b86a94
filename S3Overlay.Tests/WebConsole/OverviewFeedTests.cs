using System.Threading.Channels;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Pages.Overview;

namespace S3Overlay.Tests.WebConsole;

/// <summary>The numbers of the first page go on, whatever happens to the proxy's answers.</summary>
public sealed class OverviewFeedTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly EventLogger<OverviewFeed> _log = new();
    private readonly FakeProxy _proxy;
    private readonly OverviewFeed _feed;

    public OverviewFeedTests() => (_proxy, _feed) = (new(_time), new(_time, _log));

    [Fact]
    public async Task After_an_error_the_numbers_come_back()
    {
        var answer = _proxy.Answer;
        _proxy.Answer = static _ => (503, FakeProxy.TextOf("""{"code":"SlowDown","message":"Later."}"""));
        using var first = new Page(_feed, _proxy);
        Assert.Equal("SlowDown", (await first.NextAsync()).Problem?.Code);
        using var second = new Page(_feed, _proxy);
        Assert.Equal("SlowDown", (await first.NextAsync()).Problem?.Code);
        Assert.Equal("SlowDown", (await second.NextAsync()).Problem?.Code);

        _proxy.Answer = answer;
        await PauseAsync();

        Assert.NotNull((await first.NextAsync()).Numbers);
        Assert.NotNull((await second.NextAsync()).Numbers);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_an_error_like_others_and_logged_once()
    {
        _proxy.Answer = static _ => throw new IOException("cut");
        using var page = new Page(_feed, _proxy);

        for (var round = 0; round < 3; round++)
        {
            Assert.NotNull((await page.NextAsync()).Problem);
            await PauseAsync();
        }

        Assert.Single(_log.Names);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task A_page_whose_key_may_not_see_them_leaves_and_the_others_go_on(int status)
    {
        var refusing = new FakeProxy(_time) { Answer = _ => (status, FakeProxy.TextOf("""{"code":"AccessDenied","message":"No."}""")) };
        using var first = new Page(_feed, refusing);
        Assert.Equal(status, (await first.NextAsync()).Problem?.Status);

        using var second = new Page(_feed, _proxy);

        Assert.NotNull((await second.NextAsync()).Numbers);
        Assert.Equal(1, refusing.Requests);
    }

    [Fact]
    public async Task What_changes_rarely_is_read_every_ten_seconds_and_the_same_is_shown_until_then()
    {
        using var page = new Page(_feed, _proxy);
        var first = (await page.NextAsync()).Numbers!;
        Assert.Equal(3, _proxy.Requests);
        for (var round = 1; round < 5; round++)
        {
            await PauseAsync();
            var next = (await page.NextAsync()).Numbers!;
            Assert.Equal(3 + round, _proxy.Requests);
            Assert.Same(first.History, next.History);
            Assert.Same(first.Status, next.Status);
        }

        await PauseAsync();
        Assert.NotSame(first.History, (await page.NextAsync()).Numbers!.History);
        Assert.Equal(3 + 4 + 3, _proxy.Requests);
    }

    [Theory]
    [InlineData(0.1, null)]
    [InlineData(2.0, 5.0)]
    [InlineData(60.0, null)]
    public async Task A_rate_is_of_the_last_seconds(double seconds, double? expected)
    {
        var requests = 0L;
        _proxy.Answer = request => (200, request.Path.EndsWith("stats", StringComparison.Ordinal)
            ? FakeProxy.TextOf(System.Text.Json.JsonSerializer.Serialize(FakeProxy.Stats(requests), ProxyJson.Options))
            : FakeProxy.DocumentOf(request));
        using (var before = new Page(_feed, _proxy))
        {
            Assert.Null((await before.NextAsync()).Numbers!.RequestRate);
        }

        requests = (long)(seconds * 5);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        using var page = new Page(_feed, _proxy);

        Assert.Equal(expected, (await page.NextAsync()).Numbers!.RequestRate);
    }

    private async Task PauseAsync()
    {
        await _time.WaitForTimerAsync().WaitAsync(Patience.Limit);
        _time.Advance(TimeSpan.FromSeconds(2));
    }

    /// <summary>A page that notes what it is shown.</summary>
    private sealed class Page : IDisposable
    {
        private readonly Channel<(OverviewNumbers? Numbers, ProxyError? Problem)> _shown =
            Channel.CreateUnbounded<(OverviewNumbers?, ProxyError?)>();

        private readonly IDisposable _subscription;

        public Page(OverviewFeed feed, FakeProxy proxy) => _subscription = feed.Subscribe(proxy.Gateway, (numbers, problem) =>
        {
            _shown.Writer.TryWrite((numbers, problem));
            return Task.CompletedTask;
        });

        public Task<(OverviewNumbers? Numbers, ProxyError? Problem)> NextAsync() =>
            _shown.Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);

        public void Dispose() => _subscription.Dispose();
    }
}
