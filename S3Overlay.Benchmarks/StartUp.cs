using System.Diagnostics;
using System.Globalization;

using S3Overlay.Benchmarks.Servers;

namespace S3Overlay.Benchmarks;

/// <summary>How long a build takes from its command to its first answer, in an empty folder, and what memory it has then.</summary>
public static class StartUp
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>Starts the builds in turns, each round with new folders.</summary>
    public static async Task<int> RunAsync(Options options)
    {
        await using var site = await Site.PrepareAsync();
        string?[] builds = options.Against is { } other ? [options.Proxy, other] : [options.Proxy];
        var times = Array.ConvertAll(builds, static _ => new List<double>());
        var memory = Array.ConvertAll(builds, static _ => new List<double>());
        for (var round = -1; round < options.Rounds; round++)
        {
            for (var i = 0; i < builds.Length; i++)
            {
                var data = Path.Combine(site.Folder, string.Create(CultureInfo.InvariantCulture, $"start-{i}-{round}"));
                var began = Stopwatch.GetTimestamp();
                await using var server = await ProxyServer.StartAsync("proxy", builds[i], new Dictionary<string, string>
                {
                    ["S3_OVERLAY_DATA_DIR"] = data,
                    ["S3_OVERLAY_CONSOLE_URLS"] = "false",
                });
                server.Fill(ProxyServer.Bucket, []);
                var elapsed = Stopwatch.GetElapsedTime(began);
                await Task.Delay(Settling);
                if (round >= 0)
                {
                    times[i].Add(elapsed.TotalMilliseconds);
                    memory[i].Add(server.Resident() / 1e6);
                }
            }
        }

        Console.WriteLine($"{options.Rounds} starts of each, in turn; medians. From the command to the response to CreateBucket.");
        for (var i = 0; i < builds.Length; i++)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(i == 0 ? "proxy" : "other"),-6} {Statistics.Median(times[i]),8:F0} ms "
                + $"{Statistics.Median(memory[i]),8:F0} MB resident"));
        }

        return 0;
    }
}
