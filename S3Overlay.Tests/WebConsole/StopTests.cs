using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Hosting.WebConsole;
using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.Tests.WebConsole;

/// <summary>How the console ends, and what it still asks of the proxy.</summary>
public sealed class StopTests : ConsoleTestBase
{
    private static readonly ProxyCaller Admin = new("minioadmin", null, IsSecure: false);

    private ProxyOfConsole Requests => (ProxyOfConsole)Proxy.ForConsole;

    [Fact]
    public async Task A_stop_ends_requests_that_still_run_and_waits_for_them()
    {
        await using var tail = await Requests.SendAsync(Admin, new("GET", "/-/v1/tail"), CancellationToken.None);
        Assert.True(Proxy.Services.Tail.IsWatched);

        await Requests.StopAsync(CancellationToken.None).WaitAsync(Patience.Limit);

        Assert.Equal(0, Proxy.InProgress);
        await Patience.UntilAsync(() => !Proxy.Services.Tail.IsWatched, "The tail is watched still.");
        await Assert.ThrowsAsync<IOException>(() => Requests.SendAsync(Admin, new("GET", "/"), CancellationToken.None));
    }

    [Fact]
    public async Task A_stop_waits_no_longer_than_it_may()
    {
        await Proxy.SendAsync("PUT", "/photos");
        var body = new Deaf();
        var writing = Requests.SendAsync(Admin, new("PUT", "/photos/never") { Body = body, Length = 10 }, CancellationToken.None);
        await body.Reached.Task.WaitAsync(Patience.Limit);
        using var cut = new CancellationTokenSource();

        var stopping = Requests.StopAsync(cut.Token);
        await cut.CancelAsync();

        await stopping.WaitAsync(Patience.Limit);
        body.Go.TrySetResult();
        await ((Task)writing.WaitAsync(Patience.Limit)).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await Patience.UntilAsync(() => Proxy.InProgress == 0, "The request goes on.");
    }

    [Fact]
    public async Task After_a_stop_no_console_is_built()
    {
        var built = 0;
        var (port, _) = await ConsolePort.StartAsync(new(["http://127.0.0.1:0"], IsDefault: false), new ConfigurationBuilder().Build(), _ =>
        {
            built++;
            return Task.FromResult<IOpenConsole>(new Nothing());
        }, NullLoggerFactory.Instance);
        await port!.StopAsync(CancellationToken.None);
        var features = new FeatureCollection();
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());

        await port.ProcessRequestAsync(features);

        Assert.Equal((503, 0), (features.GetRequiredFeature<IHttpResponseFeature>().StatusCode, built));
    }

    [Fact]
    public async Task A_proxy_stops_while_a_page_is_open()
    {
        var client = await SignedInAsync();
        using var page = await client.OpenPageAsync();

        await Proxy.StopAsync(TimeProvider.System).WaitAsync(Patience.Limit);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/"));
    }

    private sealed class Nothing : IOpenConsole
    {
        public Task HandleAsync(IFeatureCollection features) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cut) => Task.CompletedTask;
    }

    /// <summary>A body whose reader does not notice that it is cancelled.</summary>
    private sealed class Deaf : MemoryStream
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reached.TrySetResult();
            await Go.Task;
            return 0;
        }
    }
}
