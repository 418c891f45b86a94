using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting;

/// <summary>What happens to requests in progress when the proxy shuts down.</summary>
public sealed class ShutdownTests
{
    private const string Waits = "Requests in progress: 1.";
    private const string Cut = "Requests cut by the stop: 1,";

    private static readonly byte[] Body = new byte[4 << 20];

    [Fact]
    public async Task A_slow_client_finishes_after_SIGTERM()
    {
        using var folder = new TemporaryFolder();
        await using var proxy = await ProxyProcess.StartAsync(folder["data"]);
        using var upload = await BeginAsync(proxy);
        await proxy.SignalAsync();
        await SaysAsync(proxy, Waits + " They have 30 s to finish");

        var response = await upload.FinishAsync();

        Assert.Equal(200, response.Status);
        Assert.Equal(0, await proxy.TerminateAsync());
        Assert.DoesNotContain("cut by", proxy.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_does_not_is_cut_and_the_log_says_so()
    {
        using var folder = new TemporaryFolder();
        await using var proxy = await ProxyProcess.StartAsync(folder["data"], ("S3_OVERLAY_SHUTDOWN_TIMEOUT", "200ms"));
        using var upload = await BeginAsync(proxy);

        Assert.Equal(0, await proxy.TerminateAsync());
        Assert.Equal(0, (await upload.Answer).Status);
        Assert.Contains("warn: ", proxy.Output, StringComparison.Ordinal);
        Assert.Contains(Cut, proxy.Output, StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_SHUTDOWN_TIMEOUT (0.2 s)", proxy.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", proxy.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_signal_cuts_it_at_once()
    {
        using var folder = new TemporaryFolder();
        await using var proxy = await ProxyProcess.StartAsync(folder["data"], ("S3_OVERLAY_SHUTDOWN_TIMEOUT", "1d"));
        using var upload = await BeginAsync(proxy);
        await proxy.SignalAsync();
        await SaysAsync(proxy, Waits);

        Assert.Equal(0, await proxy.TerminateAsync());
        Assert.Contains(Cut, proxy.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_not_cut_before_the_time_is_over()
    {
        var clock = new ManualTimeProvider();
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_SHUTDOWN_TIMEOUT", "30s"));
        await proxy.SendAsync("PUT", "/bucket");
        using var upload = await SlowUpload.BeginAsync(proxy, "/bucket/key", Body);
        await IsComingAsync(proxy.Folder["data"]);

        var stopping = proxy.StopAsync(clock);
        clock.Advance(TimeSpan.FromSeconds(29.9));
        Assert.False(upload.Answer.IsCompleted);
        Assert.False(stopping.IsCompleted);

        clock.Advance(TimeSpan.FromSeconds(0.1));
        await stopping.WaitAsync(Patience.Limit);
        Assert.Equal(0, (await upload.Answer).Status);
    }

    private static async Task<SlowUpload> BeginAsync(ProxyProcess proxy)
    {
        var http = new SignedHttp(proxy.Endpoint);
        await http.SendAsync("PUT", "/bucket");
        var upload = await SlowUpload.BeginAsync(proxy.Endpoint, http, "/bucket/key", Body);
        await IsComingAsync(proxy.DataFolder);
        return upload;
    }

    /// <summary>Another process takes the request in its own time; that it keeps what comes is all that shows of it.</summary>
    private static Task IsComingAsync(string dataFolder) =>
        Patience.UntilAsync(() => Directory.EnumerateFiles(Path.Combine(dataFolder, "incoming")).Any(), "The upload does not begin.");

    private static Task SaysAsync(ProxyProcess proxy, string line) =>
        Patience.UntilAsync(() => proxy.Output.Contains(line, StringComparison.Ordinal), $"The log does not say \"{line}\".");
}
