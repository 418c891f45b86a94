using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>
/// A proxy with a console that was used for an hour: with a remote, changes, a cache, a fill that runs, and requests of all kinds.
/// </summary>
internal sealed class LivedInProxy : IAsyncDisposable
{
    private const int Chunk = 256 << 10;

    /// <summary>Parts of the history: one every ten seconds.</summary>
    private const int Samples = 360;

    private readonly TaskCompletionSource _fill = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualTimeProvider _time;
    private Task<RawResponse> _filling = null!;

    private LivedInProxy(ScriptedRemote remote, OverlayHost host, ManualTimeProvider time) => (Remote, Host, _time) = (remote, host, time);

    public ScriptedRemote Remote { get; }

    public OverlayHost Host { get; }

    public Uri Console => Host.WebConsole!;

    public static async Task<LivedInProxy> StartAsync()
    {
        var remote = await ScriptedRemote.StartAsync();
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        var host = await OverlayHost.StartOnAsync(new Proxy.Hosting.Machine { Time = time }, null, remote.Endpoint,
            ("S3_OVERLAY_CONSOLE_URLS", "http://127.0.0.1:0"), ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_UNMAPPED", "show"),
            ("S3_OVERLAY_CHUNK_SIZE", $"{Chunk}"), ("S3_OVERLAY_CHUNK_THRESHOLD", $"{Chunk}"), ("S3_OVERLAY_READ_AHEAD_BYTES", "0"));
        var proxy = new LivedInProxy(remote, host, time);
        await proxy.LiveAsync();
        return proxy;
    }

    /// <summary>Sends requests of all kinds, as a watcher sees them.</summary>
    public async Task UseAsync()
    {
        foreach (var (method, target) in ((string, string)[])
            [
                ("GET", "/photos/2024/harbour.jpg"), ("GET", "/photos/config/app.yaml"), ("HEAD", "/photos/2024/lighthouse.jpg"),
                ("GET", "/photos?list-type=2&prefix=2024/"), ("GET", "/photos/2024/nothing.jpg"), ("PUT", "/photos/exports/report.csv"),
                ("GET", "/models/resnet50/weights.bin?partNumber=99"), ("GET", "/photos/2024/market.jpg"),
                ("DELETE", "/photos/exports/report.csv"),
            ])
        {
            await Host.SendAsync(method, target, method == "PUT" ? "month,sales\njan,12\nfeb,15\n" : null);
        }
    }

    /// <summary>Lets a second pass.</summary>
    public void Wait() => _time.Advance(TimeSpan.FromSeconds(1));

    public async ValueTask DisposeAsync()
    {
        _fill.SetResult();
        await _filling;
        await Host.DisposeAsync();
        await Remote.DisposeAsync();
    }

    private async Task LiveAsync()
    {
        string[] names = ["harbour", "lighthouse", "market", "old town", "river", "skyline", "station", "tower"];
        foreach (var year in (string[])["2023", "2024", "2025"])
        {
            for (var at = 0; at < names.Length; at++)
            {
                Remote.Put("photos", $"{year}/{names[at]}.jpg", new byte[20_000 + (at * 13_337)]);
            }
        }

        Remote.Put("photos", "config/app.yaml", "size: 11\nmode: fast\nlog: off\ncolours:\n  - red\n  - green\n"u8.ToArray());
        Remote.Put("photos", "notes.json", "{\"title\":\"Summer\",\"tags\":[\"sea\",\"harbour\"],\"count\":3}"u8.ToArray());
        Remote.Put("photos", "holiday.mov", new byte[120 * Chunk]);
        Remote.Put("models", "resnet50/weights.bin", new byte[90_000]);
        for (var at = 0; at < Samples; at++)
        {
            await SampleAsync(at, names);
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        await Host.SendAsync("PUT", "/photos/config/app.yaml", "size: 20\nmode: fast\nlog: verbose\ncolours:\n  - red\n  - green\n",
            ("Content-Type", "text/yaml"), ("x-amz-meta-author", "ana"), ("x-amz-tagging", "stage=test&team=web"));
        await Host.SendAsync("PUT", "/photos/2025/new-logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
        await Host.SendAsync("DELETE", "/photos/2023/tower.jpg");
        await Host.SendAsync("PUT", "/scratch");
        await Host.SendAsync("PUT", "/scratch/hello.txt", "hello");
        await Host.SendAsync("POST", "/-/v1/pin?bucket=photos&prefix=2025/");
        await Host.WhenIdleAsync();

        // A fill that stays on its way.
        await Host.SendAsync("GET", "/photos/holiday.mov", null, ("Range", $"bytes=0-{(20 * Chunk) - 1}"));
        await Host.WhenIdleAsync();
        Remote.Script = (request, _) => Task.FromResult(
            request is { Method: "GET", Key: "holiday.mov" } ? new ScriptedOutcome { GateAfter = ((12 * Chunk) + 100_000, _fill) }
                : ScriptedOutcome.AsUsual);
        _filling = Host.SendAsync("GET", "/photos/holiday.mov", null, ("Range", $"bytes={40 * Chunk}-{(70 * Chunk) - 1}"));
    }

    private async Task SampleAsync(int at, string[] names)
    {
        var wave = 2 + (int)(2 * Math.Sin(at / 30.0)) + (at % 90 > 80 ? 3 : 0);
        for (var request = 0; request < wave; request++)
        {
            var name = names[(at + (request * 3)) % names.Length];
            await Host.SendAsync("GET", $"/photos/{(at < 240 ? "2024" : "2025")}/{Uri.EscapeDataString(name)}.jpg");
        }

        if (at % 12 == 0)
        {
            await Host.SendAsync("PUT", "/photos/exports/run.log", $"run {at}");
            await Host.SendAsync("GET", "/photos/exports/run.log");
        }
    }
}
