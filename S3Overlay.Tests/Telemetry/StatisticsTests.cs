using System.Globalization;
using System.Text.Json;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>What a proxy did since its start: the numbers of its metrics.</summary>
public sealed class StatisticsTests : IAsyncLifetime
{
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task Reads_are_counted_by_layer_and_by_bytes()
    {
        _remote.Put("photos", "a", new byte[1000]);
        await _proxy.SendAsync("GET", "/photos/a");
        await _proxy.WhenIdleAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("HIT", (await _proxy.SendAsync("GET", "/photos/a")).Headers["x-cache"]);
        }

        await _proxy.SendAsync("PUT", "/photos/b", new string('x', 50));
        await _proxy.SendAsync("GET", "/photos/b");
        var now = await ReachedAsync(6);

        Assert.Equal((1, 3, 1, 1), (now.Local, now.Cache, now.Remote, now.Other));
        Assert.Equal((50, 3000, 1000), (now.LocalBytes, now.CacheBytes, now.RemoteBytes));
        Assert.Equal((4050, 1000, 3000), (now.ServedBytes, now.FetchedBytes, now.SavedBytes));
        Assert.Equal((0.75, 0.75), (now.HitRatio, now.ByteHitRatio));
        Assert.Equal((0, 0, 0, 1000), (now.RunningFills, now.Evictions, now.RemoteErrors, now.CachedBytes));
        Assert.All([now.Hits, now.Misses, now.Writes], static pair => Assert.True(pair.P50 > TimeSpan.Zero && pair.P99 >= pair.P50));
    }

    [Fact]
    public async Task The_numbers_are_those_of_the_metrics()
    {
        _remote.Put("photos", "a", new byte[2000]);
        await _proxy.SendAsync("GET", "/photos/a");
        await _proxy.SendAsync("GET", "/photos/missing");
        await _proxy.SendAsync("DELETE", "/photos/a");
        await _proxy.SendAsync("GET", "/photos?list-type=2");
        var now = await ReachedAsync(4);
        var page = (await _proxy.Http.SendUnsignedAsync("GET", "/metrics")).Text.Split('\n');

        Assert.Equal(now.Requests, Sum("s3_overlay_requests_total"));
        Assert.Equal(now.Remote, Sum("s3_overlay_object_reads_total{layer=\"remote\""));
        Assert.Equal(now.RemoteBytes, Sum("s3_overlay_sent_bytes_total{layer=\"remote\""));
        Assert.Equal(now.FetchedBytes, Sum("s3_overlay_upstream_received_bytes_total{endpoint=\"remote\""));
        Assert.Equal(now.Writes.P99!.Value.TotalSeconds, Sum("s3_overlay_latency_seconds{kind=\"write\",quantile=\"0.99\""));
        Assert.Equal(now.Misses.P50!.Value.TotalSeconds, Sum("s3_overlay_latency_seconds{kind=\"miss\",quantile=\"0.5\""));

        double Sum(string series) => page.Where(line => line.StartsWith(series, StringComparison.Ordinal))
            .Sum(static line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Errors_of_the_remote_are_counted_and_errors_of_clients_are_not()
    {
        _remote.Put("photos", "a", new byte[1]);
        await _proxy.SendAsync("GET", "/photos/missing");
        Assert.Equal(0, (await ReachedAsync(1)).RemoteErrors);
        _remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 500, "InternalError");
            return ScriptedOutcome.Answered;
        };
        Assert.Equal(503, (await _proxy.SendAsync("GET", "/photos/a")).Status);
        var now = await ReachedAsync(2);

        Assert.InRange(now.RemoteErrors, 1, int.MaxValue);
        Assert.Null(now.Hits.P50);
        Assert.Null(now.Misses.P50);
    }

    [Fact]
    [Trait("Rule", "A5")]
    public async Task The_method_returns_the_numbers_and_does_not_count_itself()
    {
        _remote.Put("photos", "a", new byte[1000]);
        await _proxy.SendAsync("GET", "/photos/a");
        await ReachedAsync(1);
        for (var i = 0; i < 2; i++)
        {
            var response = await _proxy.SendAsync("GET", "/-/v1/stats");
            Assert.Equal(200, response.Status);
            var stats = JsonDocument.Parse(response.Text).RootElement;
            Assert.Equal("""{"total":1,"local":0,"cache":0,"remote":1,"other":0}""", stats.GetProperty("requests").GetRawText());
            Assert.Equal("""{"served":1000,"local":0,"cache":0,"remote":1000,"fetched":1000,"saved":0}""",
                stats.GetProperty("bytes").GetRawText());
            Assert.Equal(0, stats.GetProperty("hitRatio").GetDouble());
            Assert.Equal("""{"p50":null,"p99":null}""", stats.GetProperty("latency").GetProperty("hits").GetRawText());
            Assert.True(stats.GetProperty("latency").GetProperty("misses").GetProperty("p50").GetDouble() > 0);
        }
    }

    /// <summary>Counting is on the path of every request.</summary>
    [Fact]
    public void Counting_allocates_nothing()
    {
        using var meters = new ProxyMeters();
        using var page = new MetricsPage(meters.Meter);
        Count(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Count(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(2000, meters.Statistics().Cache);

        void Count(int requests)
        {
            for (var i = 0; i < requests; i++)
            {
                meters.RequestFinished(meters.RequestStarted(), S3Operation.GetObject, 200, "cache", "HIT", 1000);
            }
        }
    }

    [Fact]
    public async Task Four_lines_are_printed_at_the_end_unless_nothing_was_requested()
    {
        using var folder = new TemporaryFolder();
        await using (var idle = await ProxyProcess.StartAsync(folder["idle"]))
        {
            Assert.Equal(0, await idle.TerminateAsync());
            Assert.DoesNotContain("hit ratio", idle.Output, StringComparison.Ordinal);
        }

        _remote.Put("photos", "a", new byte[1000]);
        await using var proxy = await ProxyProcess.StartAsync(folder["data"],
            ("S3_OVERLAY_REMOTE_ENDPOINT", _remote.Endpoint.ToString().TrimEnd('/')), ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "remote"),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "remote"), ("S3_OVERLAY_CACHE_ENABLED", "true"));
        var http = new SignedHttp(proxy.Endpoint);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(1000, (await http.SendAsync("GET", "/photos/a")).Body.Length);
        }

        Assert.Equal(0, await proxy.TerminateAsync());
        var lines = proxy.Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)[^4..];
        Assert.Matches(@"^requests   2 in \d+ s: 1 from the cache, 1 from the remote, 0 local reads, 0 other$", lines[0]);
        Assert.Equal("hit ratio  50 % of requests, 50 % of bytes; 2 KiB served, 1000 bytes fetched, 1000 bytes saved", lines[1]);
        Assert.Matches(@"^latency    hits [\d.]+ \w+/[\d.]+ \w+, misses [\d.]+ \w+/[\d.]+ \w+, writes -/- \(p50/p99\)$", lines[2]);
        Assert.Equal("cache      1000 bytes, 0 evictions, 0 fills running, 0 errors of the remote", lines[3]);
    }

    /// <summary>A response may be counted a moment after the client has it.</summary>
    private async Task<ProxyStatistics> ReachedAsync(long requests)
    {
        await Patience.UntilAsync(() => _proxy.Statistics.Requests == requests, $"{requests} requests are not counted.");
        return _proxy.Statistics;
    }
}
