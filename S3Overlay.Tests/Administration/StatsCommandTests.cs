using System.Text.Json;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>The command <c>stats</c> as users type it.</summary>
public sealed class StatsCommandTests : IAsyncLifetime
{
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("photos", "a", new byte[2048]);
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"));
        await _proxy.SendAsync("GET", "/photos/a");
        await _proxy.WhenIdleAsync();
        await _proxy.SendAsync("GET", "/photos/a");
        await Patience.UntilAsync(() => _proxy.Statistics.Requests == 2, "Two requests are not counted.");
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task The_numbers_are_printed_a_line_each()
    {
        var (code, output, errors) = await RunAsync("stats");
        Assert.Equal((0, ""), (code, errors));
        var lines = output.Split('\n').ToDictionary(static line => line[..Math.Min(18, line.Length)].TrimEnd(),
            static line => line[Math.Min(18, line.Length)..]);
        Assert.Equal("2", lines["requests"]);
        Assert.Equal("1", lines["  from the cache"]);
        Assert.Equal("50 % of requests, 50 % of bytes", lines["hit ratio"]);
        Assert.Equal("4 KiB", lines["bytes served"]);
        Assert.Equal("2 KiB", lines["bytes saved"]);
        Assert.Equal("p50 -, p99 -", lines["writes"]);
    }

    [Fact]
    public async Task For_programs_it_is_one_document()
    {
        var (code, output, errors) = await RunAsync("stats", "--json");
        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(2, JsonDocument.Parse(output).RootElement.GetProperty("requests").GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task An_interval_of_nothing_is_refused() => Assert.Equal(2, (await RunAsync("stats", "--watch", "--interval", "0")).Code);

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var (output, errors) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        string[] line = arguments.Any(static argument => argument.StartsWith("--endpoint", StringComparison.Ordinal)) ? arguments
            : [.. arguments, "--endpoint", _proxy.Endpoint.ToString()];
        return (await CommandLine.RunAsync(line, output, errors), output.ToString(), errors.ToString());
    }
}
