using System.Collections.Concurrent;
using System.Net;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;
using S3Overlay.WebConsole.Pages.Browse;

namespace S3Overlay.Tests.WebConsole.Browse;

/// <summary>The console over a remote that is slow, or dead: it says so, and nothing hangs.</summary>
public sealed class SlowRemoteTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;
    private ConsoleClient _client = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("photos", "a.gif", "GIF89a and more"u8.ToArray());
        _remote.Put("photos", "b.gif", "GIF89a and more"u8.ToArray());
        _proxy = await OverlayHost.StartOnAsync(new() { Time = _time }, null, _remote.Endpoint,
            ("S3_OVERLAY_CONSOLE_URLS", "http://127.0.0.1:0"), ("S3_OVERLAY_CACHE_ENABLED", "true"));
        _client = new ConsoleClient(_proxy.WebConsole!);
        using var signedIn = await _client.SignInAsync();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task A_preview_waits_for_two_seconds()
    {
        var release = new TaskCompletionSource();
        _remote.Script = async (_, context) =>
        {
            await release.Task.WaitAsync(context.RequestAborted);
            return ScriptedOutcome.AsUsual;
        };
        var asking = _client.GetAsync("/browse/image?bucket=photos&key=a.gif");
        await _time.WaitForTimerAsync(ObjectBytes.Limit);
        await _remote.UntilAsync(() => _remote.Requests.Any(static request => request.Key == "a.gif"), "The remote is not asked.");

        _time.Advance(ObjectBytes.Limit);

        using var response = await asking;
        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.StartsWith("TooSlow: ", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        release.SetResult();
    }

    [Fact]
    public async Task What_breaks_off_never_looks_whole()
    {
        _remote.Put("photos", "long", new byte[8 << 20]);
        var begun = new ConcurrentDictionary<string, bool>();
        _remote.Script = (request, context) =>
        {
            if (request is { Method: "GET", Key: { Length: > 0 } key })
            {
                if (begun.TryAdd(key, true))
                {
                    return Task.FromResult(new ScriptedOutcome { CutAfter = 8 });
                }

                context.Abort();
                return Task.FromResult(ScriptedOutcome.Answered);
            }

            return Task.FromResult(ScriptedOutcome.AsUsual);
        };
        foreach (var target in (string[])["/browse/download?bucket=photos&key=long", "/browse/image?bucket=photos&key=a.gif"])
        {
            var asking = AskAsync(target);
            await EndPausesUntilAsync(asking);

            Assert.NotEqual(HttpStatusCode.OK, await asking);
        }

        async Task<HttpStatusCode> AskAsync(string target)
        {
            try
            {
                using var response = await _client.GetAsync(target);
                return response.StatusCode;
            }
            catch (HttpRequestException)
            {
                return HttpStatusCode.BadGateway;
            }
        }
    }

    [Fact]
    public async Task Rows_of_the_remote_say_what_is_cached()
    {
        await _client.PageAsync("/browse/download?bucket=photos&key=a.gif");
        await _proxy.WhenIdleAsync();
        await _proxy.SendAsync("PUT", "/photos/c", "mine");
        await _proxy.SendAsync("DELETE", "/photos/b.gif");

        var page = await Source().ReadAsync(new("photos"), withDeleted: true, "", CancellationToken.None);

        Assert.Equal([("a.gif", RowLayer.Cache), ("b.gif", RowLayer.Deleted), ("c", RowLayer.Local)],
            page.Rows.Select(static row => (row.Name, row.Layer!.Value)));
    }

    [Fact]
    public async Task A_dead_remote_is_an_error_that_the_page_shows()
    {
        _remote.Script = (_, context) =>
        {
            context.Abort();
            return Task.FromResult(ScriptedOutcome.Answered);
        };
        var listing = Source().ReadAsync(new("photos"), false, "", CancellationToken.None);
        var download = _client.GetAsync("/browse/download?bucket=photos&key=a.gif");
        var both = Task.WhenAll(listing, download).ContinueWith(static _ => { }, TaskScheduler.Default);
        await EndPausesUntilAsync(both);

        Assert.Equal(503, (await Assert.ThrowsAsync<ProxyError>(() => listing)).Status);
        using var response = await download;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    private RowSource Source() => new(new ProxyGateway(_proxy.ForConsole, new Admin()), withLayers: true);

    /// <summary>Attempts pause on the proxy's clock.</summary>
    private Task EndPausesUntilAsync(Task done) => Patience.UntilAsync(async () =>
    {
        await Task.WhenAny(done, Task.Delay(50));
        _time.EndPause(ManualTimeProvider.LongestPause);
        return done.IsCompleted;
    }, "It does not end.");

    private sealed class Admin : ICaller
    {
        public Task<ProxyCaller> CallerAsync() => Task.FromResult(new ProxyCaller("minioadmin", null, IsSecure: false));

        public Task EndAsync() => Task.CompletedTask;
    }
}
