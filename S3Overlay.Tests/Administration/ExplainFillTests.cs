using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>What <c>explain</c> says of bytes that are on their way, and of pins.</summary>
public sealed class ExplainFillTests : IAsyncLifetime
{
    private const int Chunk = 256 << 10;

    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _proxy = await OverlayHost.StartEmbeddedAsync(
            _remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_SIZE", $"{Chunk}"),
            ("S3_OVERLAY_CHUNK_THRESHOLD", $"{Chunk}"), ("S3_OVERLAY_READ_AHEAD_BYTES", "0"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task Bytes_are_cached_on_their_way_or_missing()
    {
        _remote.Put("photos", "large", new byte[4 * Chunk]);
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _remote.Script = (request, _) => Task.FromResult(request.Method == "GET" && request.Key.Length > 0
            ? new ScriptedOutcome { GateAfter = (Chunk + (64 << 10), open) } : ScriptedOutcome.AsUsual);
        var reading = _proxy.SendAsync("GET", "/photos/large", null, ("Range", $"bytes={Chunk}-{(3 * Chunk) - 1}"));

        // All of the second chunk has come, and a part of the third; the remote pauses there. The fourth was not asked for.
        var explained = await Patience.UntilAsync(
            () => ExplainAsync("large"),
            static now => now.GetProperty("held") is { ValueKind: JsonValueKind.Object } held
                && held.GetProperty("bytes").GetInt64() == Chunk + (64 << 10),
            static last => last.ToString());

        Assert.Equal([(Chunk, (2 * Chunk) + (64 << 10) - 1)], Ranges(explained.GetProperty("held").GetProperty("runs")));
        Assert.Equal([((2 * Chunk) + (64 << 10), (3 * Chunk) - 1)], Ranges(explained.GetProperty("coming")));

        open.SetResult();
        Assert.Equal(206, (await reading).Status);
        await _proxy.WhenIdleAsync();
        explained = await ExplainAsync("large");
        Assert.Empty(Ranges(explained.GetProperty("coming")));
        Assert.Equal([(Chunk, (3 * Chunk) - 1)], Ranges(explained.GetProperty("held").GetProperty("runs")));
    }

    [Fact]
    public async Task A_pin_of_the_key_comes_before_one_of_its_prefix()
    {
        _remote.Put("photos", "2024/a", "remote"u8.ToArray());
        Assert.Equal(JsonValueKind.Null, (await ExplainAsync("2024/a")).GetProperty("pin").ValueKind);
        await PinAsync("prefix=2024/");
        Assert.Equal("2024/", (await ExplainAsync("2024/a")).GetProperty("pin").GetProperty("prefix").GetString());
        await PinAsync("key=2024/a");
        Assert.Equal("2024/a", (await ExplainAsync("2024/a")).GetProperty("pin").GetProperty("key").GetString());
        Assert.Equal(JsonValueKind.Null, (await ExplainAsync("2025/a")).GetProperty("pin").ValueKind);
    }

    private async Task PinAsync(string target) =>
        Assert.Equal(200, (await _proxy.SendAsync("POST", "/-/v1/pin?bucket=photos&" + target)).Status);

    private async Task<JsonElement> ExplainAsync(string key) =>
        JsonDocument.Parse((await _proxy.SendAsync("GET", $"/-/v1/explain?bucket=photos&key={key}&remote=false")).Text).RootElement;

    private static IEnumerable<(long First, long Last)> Ranges(JsonElement ranges) =>
        ranges.EnumerateArray().Select(static range => (range[0].GetInt64(), range[1].GetInt64()));
}
