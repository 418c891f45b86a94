using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration.Caching;

/// <summary>
/// docs/cache.md shows each command with its real output: this runs the page from top to bottom. Comments in the page say what clients do
/// in between. With <c>S3OVERLAY_WRITE_PAGES=1</c>, the outputs are written into the page instead.
/// </summary>
public sealed partial class CachePageTests : IAsyncLifetime
{
    private const string Prompt = "$ s3overlay ";

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
    public async Task Every_command_prints_what_the_page_shows()
    {
        var path = Path.Combine(Repository.Root, "docs", "cache.md");
        var (page, written, commands) = (await File.ReadAllLinesAsync(path), new List<string>(), 0);
        for (var at = 0; at < page.Length; at++)
        {
            written.Add(page[at]);
            if (Step().Match(page[at]) is { Success: true } step)
            {
                await DoAsync(step.Groups[1].Value);
            }
            else if (page[at].StartsWith(Prompt, StringComparison.Ordinal))
            {
                var shown = page.Skip(at + 1)
                    .TakeWhile(static line => line is not "```" && !line.StartsWith("$ ", StringComparison.Ordinal)).ToArray();
                var actual = await RunAsync(page[at][Prompt.Length..]);
                commands++;
                if (!IsWriting)
                {
                    Assert.Equal(Normal($"{page[at]}\n{string.Join('\n', shown)}"), Normal($"{page[at]}\n{string.Join('\n', actual)}"));
                }

                written.AddRange(actual);
                at += shown.Length;
            }
        }

        Assert.InRange(commands, 15, int.MaxValue);
        if (IsWriting)
        {
            await File.WriteAllLinesAsync(path, written);
        }
    }

    private static bool IsWriting => Environment.GetEnvironmentVariable("S3OVERLAY_WRITE_PAGES") == "1";

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
        var words = Words(redirect < 0 ? line : line[..redirect]).Select(word => word.EndsWith(".ndjson", StringComparison.Ordinal)
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

    private static IEnumerable<string> Words(string line) =>
        Word().Matches(line).Select(static match => match.Groups[1].Success ? match.Groups[1].Value : match.Value);

    /// <summary>Times, ports, ids and durations differ each time; so do the widths of their columns.</summary>
    private static string Normal(string text)
    {
        text = Time().Replace(text, "2026-01-01T00:00:00Z");
        text = Clock().Replace(text, "00:00:00");
        text = Port().Replace(text, "127.0.0.1:8000");
        text = RequestId().Replace(text, "request 0");
        text = Duration().Replace(text, "1 ms");
        return Spaces().Replace(text, "  ");
    }

    [GeneratedRegex(@"^<!-- (.*) -->$")]
    private static partial Regex Step();

    [GeneratedRegex(@"'([^']*)'|[^ ]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")]
    private static partial Regex Time();

    [GeneratedRegex(@"^\d\d:\d\d:\d\d", RegexOptions.Multiline)]
    private static partial Regex Clock();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Port();

    [GeneratedRegex("request [0-9A-Z]{16}")]
    private static partial Regex RequestId();

    [GeneratedRegex(@"[\d.]+ (us|ms)\b")]
    private static partial Regex Duration();

    [GeneratedRegex("  +")]
    private static partial Regex Spaces();
}
