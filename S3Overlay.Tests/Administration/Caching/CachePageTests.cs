using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration.Caching;

/// <summary>
/// docs/cache.md shows each command with its real output. Comments in the page say what clients do in between.
/// </summary>
public sealed class CachePageTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly TemporaryFolder _folder = new();
    private CacheScene _scene = null!;

    public async Task InitializeAsync()
    {
        _scene = await CacheScene.StartAsync(time: _clock, settings: ("S3_OVERLAY_CACHE_MAX_BYTES", "20MiB"));
        _scene.Put(300 << 10, "2024/a.jpg");
        _scene.Put(200 << 10, "2024/b.jpg");
        _scene.Put(10 * CacheScene.Chunk, "2024/video.mp4");
        _scene.Put(1000, "notes.txt", "old.txt");
        _scene.Put(30 << 20, "archive/all.tar");
    }

    public async Task DisposeAsync()
    {
        await _scene.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_command_prints_what_the_page_shows() =>
        Assert.InRange(await CommandPage.CheckAsync("cache.md", DoAsync, RunAsync), 15, int.MaxValue);

    /// <summary>What clients do: <c>GET /bucket/key bytes=0-9</c>, <c>PUT /bucket/key text</c>, or <c>wait MINUTES</c>.</summary>
    private async Task DoAsync(string step)
    {
        var words = step.Split(' ', 3);
        if (words[0] == "wait")
        {
            _clock.Advance(TimeSpan.FromMinutes(int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture)));
            return;
        }

        var isGet = words[0] == "GET";
        var response = await _scene.Proxy.SendAsync(words[0], words[1], isGet ? null : words.ElementAtOrDefault(2),
            isGet && words.Length > 2 ? [("Range", words[2])] : []);
        Assert.InRange(response.Status, 200, 299);
        await _scene.Proxy.WhenIdleAsync();
    }

    private async Task<string[]> RunAsync(string line)
    {
        var redirect = line.IndexOf(" > ", StringComparison.Ordinal);
        var command = redirect < 0 ? line : line[..redirect];
        var words = CommandPage.Words(command).Select(word => word.EndsWith(".ndjson", StringComparison.Ordinal)
            ? _folder[word] : word).ToArray();
        var running = _scene.RunAsync(words);
        if (words[0] is "tail" or "record")
        {
            await Patience.UntilAsync(() => _scene.Proxy.Services.Tail.IsWatched, "Nothing watches.");
            foreach (var step in (string[])["GET /photos/2024/a.jpg", "GET /photos/2024/video.mp4 bytes=1000000-1000099",
                "GET /photos/notes.txt"])
            {
                await DoAsync(step);
            }

            await Task.Delay(100);
            _scene.Proxy.Services.Tail.Release();
        }

        var (_, output, errors) = await running.WaitAsync(Patience.Limit);
        await _scene.Proxy.WhenIdleAsync();
        if (redirect >= 0)
        {
            await File.WriteAllTextAsync(_folder[line[(redirect + 3)..]], output);
            return [];
        }

        return [.. (output + errors).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
