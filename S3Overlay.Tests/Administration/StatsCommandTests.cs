using System.Text.Json;

using S3Overlay.Tests.Administration.Caching;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>The command <c>stats</c> as users type it.</summary>
public class StatsCommandTests : IAsyncLifetime
{
    private CacheScene _scene = null!;

    /// <summary>True for an S3 endpoint as local layer.</summary>
    protected virtual bool IsOnStore => false;

    private OverlayHost Proxy => _scene.Proxy;

    public async Task InitializeAsync()
    {
        _scene = await CacheScene.StartAsync(IsOnStore);
        _scene.Put(2048, "a");
        await Proxy.SendAsync("GET", "/photos/a");
        await Proxy.WhenIdleAsync();
        await Proxy.SendAsync("GET", "/photos/a");
        await Patience.UntilAsync(() => Proxy.Statistics.Requests == 2, "Two requests are not counted.");
    }

    public async Task DisposeAsync() => await _scene.DisposeAsync();

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

    private Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) => _scene.RunAsync(arguments);
}

/// <summary>See <see cref="StatsCommandTests"/>: over an S3 endpoint as local layer.</summary>
public sealed class StatsCommandOnStoreTests : StatsCommandTests
{
    /// <inheritdoc/>
    protected override bool IsOnStore => true;
}
