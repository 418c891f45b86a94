using System.Globalization;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>The metrics of layers, fills and upstream requests on the page <c>/metrics</c>.</summary>
public sealed class OverlayMetricsTests : IAsyncLifetime
{
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _proxy = await OverlayHost.StartEmbeddedAsync(
            _remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "512KiB"),
            ("S3_OVERLAY_CHUNK_SIZE", "256KiB"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task A_miss_is_a_fill_and_the_next_read_is_a_hit()
    {
        _remote.Put("photos", "a", new byte[1000]);
        await _proxy.SendAsync("GET", "/photos/a");
        await _proxy.WhenIdleAsync();
        await _proxy.SendAsync("GET", "/photos/a");

        await ReachesAsync("s3_overlay_object_reads_total{layer=\"remote\",cache=\"MISS\"}", 1);
        await ReachesAsync("s3_overlay_object_reads_total{layer=\"cache\",cache=\"HIT\"}", 1);
        await ReachesAsync("s3_overlay_fills_total{outcome=\"ok\"}", 1);
        await ReachesAsync("s3_overlay_fills_in_progress", 0);
        await ReachesAsync("s3_overlay_sent_bytes_total{layer=\"remote\"}", 1000);
        await ReachesAsync("s3_overlay_sent_bytes_total{layer=\"cache\"}", 1000);
        await ReachesAsync("s3_overlay_upstream_requests_total{endpoint=\"remote\",outcome=\"ok\"}", 1);
        await ReachesAsync("s3_overlay_upstream_received_bytes_total{endpoint=\"remote\"}", 1000);
        await ReachesAsync("s3_overlay_upstream_duration_seconds_count{endpoint=\"remote\"}", 1);
        await ReachesAsync("s3_overlay_upstream_in_progress{endpoint=\"remote\"}", 0);
        await ReachesAsync("s3_overlay_coalesced_reads_total", 0);
    }

    [Fact]
    public async Task Bytes_written_here_and_documents_are_counted_apart()
    {
        _remote.Put("photos", "a", new byte[1]);
        await _proxy.SendAsync("PUT", "/photos/b", new string('x', 5000));
        await _proxy.SendAsync("GET", "/photos/b");
        var list = await _proxy.SendAsync("GET", "/photos");

        await ReachesAsync("s3_overlay_sent_bytes_total{layer=\"local\"}", 5000);
        await ReachesAsync("s3_overlay_sent_bytes_total{layer=\"none\"}", list.Body.Length);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task Reads_that_share_a_fill_are_counted_and_the_first_is_not()
    {
        _remote.Put("photos", "a", new byte[300_000]);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _remote.Script = (_, _) =>
        {
            asked.TrySetResult();
            return Task.FromResult(new ScriptedOutcome { GateAfter = (100_000, gate) });
        };
        using var second = new SpanCollector();
        using var third = new SpanCollector();

        var first = _proxy.SendAsync("GET", "/photos/a");
        await asked.Task;
        await ReachesAsync("s3_overlay_fills_in_progress", 1);
        var others = new[] { _proxy.SendAsync("GET", "/photos/a", null, second.Header),
            _proxy.SendAsync("GET", "/photos/a", null, third.Header) };
        await second.UntilAsync(() => second.Open.Any(IsWait), "The second does not wait.");
        await third.UntilAsync(() => third.Open.Any(IsWait), "The third does not wait.");
        gate.SetResult();
        await Task.WhenAll([first, .. others]);

        await ReachesAsync("s3_overlay_coalesced_reads_total", 2);
        await ReachesAsync("s3_overlay_upstream_requests_total{endpoint=\"remote\",outcome=\"ok\"}", 1);

        static bool IsWait(System.Diagnostics.Activity span) => span.DisplayName == "fill wait";
    }

    [Fact]
    [Trait("Rule", "S4")]
    public async Task Revalidations_and_refreshes_show_while_they_are_under_way()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var proxy = await OverlayHost.StartAsync(null, _remote.Endpoint, clock, ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_REVALIDATE", "10m"));
        _remote.Put("photos", "a", new byte[1000]);
        await proxy.SendAsync("GET", "/photos/a");
        await proxy.WhenIdleAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _remote.Script = async (_, _) =>
        {
            await gate.Task;
            return ScriptedOutcome.AsUsual;
        };
        clock.Advance(TimeSpan.FromMinutes(9.5));
        Assert.Equal("HIT", (await proxy.SendAsync("GET", "/photos/a")).Headers["x-cache"]);
        await ReachesAsync(proxy, "s3_overlay_revalidations_in_progress", 1);
        await ReachesAsync(proxy, "s3_overlay_refreshes_in_progress", 1);
        gate.SetResult();
        await ReachesAsync(proxy, "s3_overlay_revalidations_in_progress", 0);
        await ReachesAsync(proxy, "s3_overlay_refreshes_in_progress", 0);
    }

    [Fact]
    public async Task What_the_remote_fails_at_and_what_it_refuses_are_two_figures()
    {
        _remote.Put("photos", "other", new byte[1]);
        var asked = 0;
        _remote.Script = async (_, context) =>
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 503, "ServiceUnavailable");
            return ScriptedOutcome.Answered;
        };

        await _proxy.SendAsync("GET", "/photos/missing");

        await ReachesAsync("s3_overlay_upstream_requests_total{endpoint=\"remote\",outcome=\"failed\"}", 1);
        await ReachesAsync("s3_overlay_upstream_requests_total{endpoint=\"remote\",outcome=\"refused\"}", 1);
        await ReachesAsync("s3_overlay_fills_total{outcome=\"failed\"}", 1);
    }

    [Fact]
    [Trait("Rule", "S1")]
    public async Task Revalidations_are_counted_by_their_outcome()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_REVALIDATE", "always"));
        _remote.Put("photos", "a", new byte[1]);
        await proxy.SendAsync("GET", "/photos/a");
        await proxy.WhenIdleAsync();
        await proxy.SendAsync("GET", "/photos/a");
        await ReachesAsync(proxy, "s3_overlay_revalidations_total{outcome=\"same\"}", 1);
        _remote.Put("photos", "a", new byte[2]);
        await proxy.SendAsync("GET", "/photos/a");
        await proxy.WhenIdleAsync();
        await ReachesAsync(proxy, "s3_overlay_revalidations_total{outcome=\"changed\"}", 1);
        _remote.Remove("photos", "a");
        await proxy.SendAsync("GET", "/photos/a");
        await ReachesAsync(proxy, "s3_overlay_revalidations_total{outcome=\"gone\"}", 1);
    }

    [Fact]
    public async Task An_abandoned_upstream_request_is_no_failure()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "false"));
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _remote.Script = async (_, context) =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return ScriptedOutcome.Answered;
        };

        using (var client = new System.Net.Sockets.TcpClient())
        {
            await client.ConnectAsync(proxy.Endpoint.Host, proxy.Endpoint.Port);
            await client.GetStream().WriteAsync(proxy.Http.Signed("GET", "/photos/a"));
            await asked.Task.WaitAsync(Patience.Limit);
            await ReachesAsync(proxy, "s3_overlay_upstream_in_progress{endpoint=\"remote\"}", 1);
        }

        await ReachesAsync(proxy, "s3_overlay_upstream_requests_total{endpoint=\"remote\",outcome=\"left\"}", 1);
        await ReachesAsync(proxy, "s3_overlay_upstream_in_progress{endpoint=\"remote\"}", 0);
        Assert.Null(await ValueAsync(proxy, "s3_overlay_upstream_requests_total{endpoint=\"remote\",outcome=\"failed\"}"));
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_store_that_is_down_shows_until_it_responds_again()
    {
        const string Series = "s3_overlay_upstream_down{endpoint=\"local\"}";
        await using var store = await StoreServer.StartAsync(TimeProvider.System);
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, _remote.Endpoint, null,
            ("S3_OVERLAY_READ_THROUGH_ON_LOCAL_ERROR", "true"));
        _remote.Put("photos", "a", new byte[1]);
        Assert.Equal(200, (await proxy.SendAsync("GET", "/photos/a")).Status);
        await ReachesAsync(proxy, Series, 0);

        store.Fail = _ => (500, "InternalError");
        Assert.Equal(200, (await proxy.SendAsync("GET", "/photos/a")).Status);
        await ReachesAsync(proxy, Series, 1);

        store.Fail = null;
        await ReachesAsync(proxy, Series, 0);
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_remote_that_is_down_shows_until_it_responds_again()
    {
        const string Series = "s3_overlay_upstream_down{endpoint=\"remote\"}";
        _remote.Put("photos", "a", new byte[1]);
        await ReachesAsync(Series, 0);
        _remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 502, "BadGateway");
            return ScriptedOutcome.Answered;
        };

        Assert.Equal(503, (await _proxy.SendAsync("GET", "/photos/a")).Status);
        await ReachesAsync(Series, 1);

        _remote.Script = null;
        await ReachesAsync(Series, 0);
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task A_delete_is_a_tombstone()
    {
        _remote.Put("photos", "a", new byte[1]);
        await _proxy.SendAsync("DELETE", "/photos/a");

        await ReachesAsync("s3_overlay_tombstones_total", 1);
        await ReachesAsync("s3_overlay_tombstones_present", 1);
        await _proxy.SendAsync("DELETE", "/photos/b");
        await _proxy.SendAsync("DELETE", "/photos/b");
        await ReachesAsync("s3_overlay_tombstones_present", 2);
        Assert.Equal(200, (await _proxy.SendAsync("POST", "/-/v1/discard?bucket=photos&key=a")).Status);
        await ReachesAsync("s3_overlay_tombstones_present", 1);
    }

    [Fact]
    [Trait("Rule", "F-damaged")]
    public async Task Files_that_no_row_names_are_counted()
    {
        await ReachesAsync("s3_overlay_lost_files", 0);
        var lost = Directory.CreateDirectory(_proxy.Folder["data/lost"]);
        await File.WriteAllBytesAsync(Path.Combine(lost.FullName, FileId.New().ToString()), [1]);
        await ReachesAsync("s3_overlay_lost_files", 1);
    }

    [Fact]
    public async Task Over_a_store_the_spool_and_the_uploads_show()
    {
        await using var store = await StoreServer.StartAsync(TimeProvider.System);
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, _remote.Endpoint, null, ("S3_OVERLAY_CACHE_ENABLED", "true"));
        _remote.Put("photos", "a", new byte[300_000]);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _remote.Script = (_, _) => Task.FromResult(new ScriptedOutcome { GateAfter = (100_000, gate) });

        var read = proxy.SendAsync("GET", "/photos/a");
        await ReachesAsync(proxy, "s3_overlay_spool_bytes", 300_000);
        gate.SetResult();
        await read;
        await proxy.WhenIdleAsync();

        await ReachesAsync(proxy, "s3_overlay_copy_uploads_total{outcome=\"ok\"}", 1);
        await ReachesAsync(proxy, "s3_overlay_copy_uploads_total{outcome=\"failed\"}", 0);
        await ReachesAsync(proxy, "s3_overlay_spool_bytes", 0);
        Assert.True(await ValueAsync(proxy, "s3_overlay_upstream_requests_total{endpoint=\"local\",outcome=\"ok\"}") > 0);
    }

    [Fact]
    public async Task No_bucket_and_no_key_is_ever_a_label()
    {
        _remote.Put("secret-bucket", "secret-key", new byte[1000]);
        await _proxy.SendAsync("GET", "/secret-bucket/secret-key");
        await _proxy.SendAsync("PUT", "/secret-bucket/secret-too", "x");
        await _proxy.SendAsync("DELETE", "/secret-bucket/secret-key");
        await ReachesAsync("s3_overlay_tombstones_total", 1);

        Assert.DoesNotContain("secret", await PageAsync(_proxy), StringComparison.Ordinal);
    }

    private Task ReachesAsync(string series, double value) => ReachesAsync(_proxy, series, value);

    /// <summary>Waits until a series shows a value: a response may be counted a moment after the client has it.</summary>
    private static Task ReachesAsync(OverlayHost proxy, string series, double value) =>
        Patience.UntilAsync(() => ValueAsync(proxy, series), now => now == value, now => $"{series} is {now} and not {value}.");

    private static async Task<double?> ValueAsync(OverlayHost proxy, string series) =>
        (await PageAsync(proxy)).Split('\n').FirstOrDefault(line => line.StartsWith(series + " ", StringComparison.Ordinal)) is { } line
            ? double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture)
            : null;

    private static async Task<string> PageAsync(OverlayHost proxy) => (await proxy.Http.SendUnsignedAsync("GET", "/metrics")).Text;
}
