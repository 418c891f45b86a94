using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting;

/// <summary>The health check of a container.</summary>
public sealed class HealthCommandTests
{
    [Fact]
    public async Task It_says_by_its_exit_code_whether_the_proxy_is_ready()
    {
        using var folder = new TemporaryFolder();
        await using var proxy = await ProxyProcess.StartAsync(folder["data"]);

        // The proxy's checks of its layers run within seconds of the real clock.
        var ready = await Patience.UntilAsync(
            () => ProxyProgram.RunAsync(["health", "--urls", $"http://*:{proxy.Port}"]),
            static asked => asked.ExitCode == 0,
            static asked => asked.Errors);
        Assert.Equal("", ready.Errors);
        Assert.Contains("ok", ready.Output, StringComparison.Ordinal);

        await proxy.KillAsync();
        var gone = await ProxyProgram.RunAsync(["health", "--urls", $"http://*:{proxy.Port}"]);
        Assert.Equal((1, ""), (gone.ExitCode, gone.Output));
        Assert.Contains($"http://127.0.0.1:{proxy.Port}/health does not answer", gone.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_that_it_cannot_ask_where_all_is_encrypted()
    {
        var result = await ProxyProgram.RunAsync(["health", "--urls", "https://127.0.0.1:8443"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("plain HTTP", result.Errors, StringComparison.Ordinal);
    }
}
