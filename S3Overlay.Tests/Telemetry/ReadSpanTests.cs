using System.Diagnostics;
using System.Net.Sockets;

using S3Overlay.Proxy.Telemetry;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>The spans below a request: the layer that had the object, the remote requests, and the waits for other fills.</summary>
public sealed class ReadSpanTests : IAsyncLifetime
{
    private const int Chunk = 256 << 10;

    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _proxy = await OverlayHost.StartEmbeddedAsync(
            _remote.Endpoint,
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "512KiB"), ("S3_OVERLAY_CHUNK_SIZE", "256KiB"),
            ("S3_OVERLAY_READ_AHEAD_BYTES", "0"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task What_was_written_here_is_a_local_hit_and_nothing_else()
    {
        _remote.Put("photos", "other", new byte[1]);
        await _proxy.SendAsync("PUT", "/photos/a", "written");
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos/a", null, spans.Header);

        var request = await spans.OneAsync("S3.GetObject");
        var hit = await spans.OneAsync("local hit");
        Assert.Equal(request.SpanId, hit.ParentSpanId);
        Assert.Equal(7L, hit.GetTagItem(SpanAttributes.Bytes));
        Assert.Equal("local", request.GetTagItem(SpanAttributes.Layer));
        Assert.Equal(2, spans.Ended.Count);
    }

    [Fact]
    public async Task A_deleted_key_is_reported_as_deleted()
    {
        _remote.Put("photos", "a", new byte[1]);
        await _proxy.SendAsync("DELETE", "/photos/a");
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos/a", null, spans.Header);

        Assert.Equal("deleted", (await spans.OneAsync("local miss")).GetTagItem(SpanAttributes.Outcome));
        await spans.OneAsync("S3.GetObject");
        Assert.Equal(2, spans.Ended.Count);
    }

    [Fact]
    public async Task A_cold_read_is_a_fill_below_its_request_and_a_wait_that_is_linked_to_it()
    {
        _remote.Put("photos", "a", new byte[300_000]);
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos/a", null, spans.Header);

        var request = await spans.OneAsync("S3.GetObject");
        var fill = await spans.OneAsync("remote fill");
        var attempt = await spans.OneAsync("GET remote");
        var wait = await spans.OneAsync("fill wait");
        Assert.Equal(request.SpanId, (await spans.OneAsync("local miss")).ParentSpanId);
        Assert.Equal(request.SpanId, fill.ParentSpanId);
        Assert.Equal("ok", fill.GetTagItem(SpanAttributes.Outcome));
        Assert.Equal(300_000L, fill.GetTagItem(SpanAttributes.Bytes));
        Assert.Equal(fill.SpanId, attempt.ParentSpanId);
        Assert.Equal(ActivityKind.Client, attempt.Kind);
        Assert.Equal(200, attempt.GetTagItem("http.response.status_code"));
        Assert.Equal("photos", attempt.GetTagItem("aws.s3.bucket"));
        Assert.Equal(_remote.Endpoint.Port, attempt.GetTagItem("server.port"));
        Assert.Equal(request.SpanId, wait.ParentSpanId);
        Assert.Equal(fill.Context, Assert.Single(wait.Links).Context);
        Assert.Equal(false, wait.GetTagItem(SpanAttributes.Coalesced));
        await spans.WhenAllEndedAsync();
        Assert.Equal(5, spans.Ended.Count);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task A_warm_read_is_a_cache_hit_without_a_request(string method)
    {
        _remote.Put("photos", "a", new byte[300_000]);
        await _proxy.SendAsync("GET", "/photos/a");
        await _proxy.WhenIdleAsync();
        using var spans = new SpanCollector();

        await _proxy.SendAsync(method, "/photos/a", null, spans.Header);

        var request = await spans.OneAsync(method == "GET" ? "S3.GetObject" : "S3.HeadObject");
        var hit = await spans.OneAsync("cache hit");
        Assert.Equal(request.SpanId, hit.ParentSpanId);
        Assert.Equal(method == "GET" ? 300_000L : null, hit.GetTagItem(SpanAttributes.Bytes));
        Assert.Equal("HIT", request.GetTagItem(SpanAttributes.Cache));
        Assert.Equal(["cache hit", "local miss", request.DisplayName], spans.Ended.Select(span => span.DisplayName)
            .Order(StringComparer.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Each_chunk_that_is_fetched_is_a_span_of_its_fill()
    {
        _remote.Put("photos", "large", new byte[(4 * Chunk) + 5]);
        using var spans = new SpanCollector();

        // From the middle of the second chunk to the third's first block: the fill begins with the block in which the range begins.
        await _proxy.SendAsync("GET", "/photos/large", null, spans.Header, ("Range", $"bytes={Chunk + 1000}-{(2 * Chunk) + 1000}"));

        var fill = await spans.OneAsync("remote fill");
        await spans.WhenAllEndedAsync();
        var fetches = spans.Named("chunk fetch");
        Assert.All(fetches, fetch => Assert.Equal(fill.SpanId, fetch.ParentSpanId));
        Assert.Equal(
            [(1L, Chunk, Chunk), (2L, 2L * Chunk, 65536L)],
            fetches.Select(
                fetch => (Tag(fetch, SpanAttributes.Chunk), Tag(fetch, SpanAttributes.Offset), Tag(fetch, SpanAttributes.Bytes))));
        Assert.Equal(Chunk + 65536L, fill.GetTagItem(SpanAttributes.Bytes));
        Assert.Single(spans.Named("GET remote"));
        Assert.Empty(spans.Named("chunk hit"));
    }

    [Fact]
    public async Task Each_cached_chunk_is_a_hit_and_the_missing_one_is_filled()
    {
        _remote.Put("photos", "large", new byte[(4 * Chunk) + 5]);
        await _proxy.SendAsync("GET", "/photos/large", null, ("Range", $"bytes={Chunk}-{(2 * Chunk) - 1}"));
        await _proxy.SendAsync("GET", "/photos/large", null, ("Range", $"bytes={3 * Chunk}-"));
        await _proxy.WhenIdleAsync();
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos/large", null, spans.Header, ("Range", $"bytes={Chunk + 7}-{(4 * Chunk) + 4}"));

        var request = await spans.OneAsync("S3.GetObject");
        await spans.WhenAllEndedAsync();
        Assert.Equal(
            [(1L, Chunk + 7L, Chunk - 7L), (3L, 3L * Chunk, Chunk), (4L, 4L * Chunk, 5L)],
            spans.Named("chunk hit")
                .Select(hit => (Tag(hit, SpanAttributes.Chunk), Tag(hit, SpanAttributes.Offset), Tag(hit, SpanAttributes.Bytes))));
        Assert.All(spans.Named("chunk hit"), hit => Assert.Equal(request.SpanId, hit.ParentSpanId));
        var fetch = await spans.OneAsync("chunk fetch");
        Assert.Equal((2L, (long)Chunk), (Tag(fetch, SpanAttributes.Chunk), Tag(fetch, SpanAttributes.Bytes)));
        Assert.Equal("MISS", request.GetTagItem(SpanAttributes.Cache));
    }

    [Fact]
    public async Task A_warm_range_is_a_cache_hit_made_of_chunk_hits()
    {
        _remote.Put("photos", "large", new byte[4 * Chunk]);
        await _proxy.SendAsync("GET", "/photos/large");
        await _proxy.WhenIdleAsync();
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos/large", null, spans.Header, ("Range", $"bytes=10-{Chunk + 9}"));

        var hit = await spans.OneAsync("cache hit");
        Assert.Equal([(0L, Chunk - 10L), (1L, 10L)], spans.Named("chunk hit")
            .Select(chunk => (Tag(chunk, SpanAttributes.Chunk), Tag(chunk, SpanAttributes.Bytes))));
        Assert.All(spans.Named("chunk hit"), chunk => Assert.Equal(hit.SpanId, chunk.ParentSpanId));
        Assert.Empty(spans.Named("remote fill"));
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task A_reader_that_joins_a_fill_is_linked_to_it()
    {
        _remote.Put("photos", "a", new byte[300_000]);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _remote.Script = (_, _) => Task.FromResult(new ScriptedOutcome { GateAfter = (100_000, gate) });
        using var first = new SpanCollector();
        using var second = new SpanCollector();

        var starter = _proxy.SendAsync("GET", "/photos/a", null, first.Header);
        await first.UntilAsync(() => first.Open.Any(span => span.DisplayName == "remote fill"), "No fill is started.");
        var joiner = _proxy.SendAsync("GET", "/photos/a", null, second.Header);
        await second.UntilAsync(() => second.Open.Any(span => span.DisplayName == "fill wait"), "The second does not wait.");
        gate.SetResult();
        Assert.Equal([200, 200], (await Task.WhenAll(starter, joiner)).Select(answer => answer.Status));

        var fill = await first.OneAsync("remote fill");
        var wait = await second.OneAsync("fill wait");
        Assert.Equal(fill.Context, Assert.Single(wait.Links).Context);
        Assert.Equal(true, wait.GetTagItem(SpanAttributes.Coalesced));
        Assert.Equal(false, (await first.OneAsync("fill wait")).GetTagItem(SpanAttributes.Coalesced));
        Assert.Empty(second.Named("remote fill"));
        Assert.Empty(second.Named("GET remote"));
    }

    [Fact]
    [Trait("Rule", "C2")]
    public async Task A_fill_whose_client_left_ends_when_it_is_done()
    {
        _remote.Put("photos", "a", new byte[300_000]);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _remote.Script = (_, _) => Task.FromResult(new ScriptedOutcome { GateAfter = (100_000, gate) });
        using var spans = new SpanCollector();

        using (var client = new TcpClient())
        {
            await client.ConnectAsync(_proxy.Endpoint.Host, _proxy.Endpoint.Port);
            await client.GetStream().WriteAsync(_proxy.Http.Signed("GET", "/photos/a", null, spans.Header));
            await spans.UntilAsync(() => spans.Open.Any(span => span.DisplayName == "fill wait"), "No fill is started.");
        }

        var request = await spans.OneAsync("S3.GetObject");
        Assert.Equal("left", request.GetTagItem(SpanAttributes.Outcome));
        Assert.Equal(ActivityStatusCode.Unset, request.Status);
        Assert.Contains(spans.Open, span => span.DisplayName == "remote fill");
        gate.SetResult();

        var fill = await spans.OneAsync("remote fill");
        Assert.Equal(300_000L, fill.GetTagItem(SpanAttributes.Bytes));
        Assert.Equal("ok", fill.GetTagItem(SpanAttributes.Outcome));
        await spans.WhenAllEndedAsync();
    }

    [Fact]
    public async Task Each_attempt_at_the_remote_is_a_span_with_its_outcome()
    {
        _remote.Put("photos", "a", new byte[100]);
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
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos/a", null, spans.Header);

        var attempts = await spans.SeveralAsync("GET remote", 2);
        Assert.Equal(ActivityStatusCode.Error, attempts[0].Status);
        Assert.Equal("503", attempts[0].GetTagItem("error.type"));
        Assert.Null(attempts[0].GetTagItem("http.request.resend_count"));
        Assert.Equal(ActivityStatusCode.Unset, attempts[1].Status);
        Assert.Equal(1, attempts[1].GetTagItem("http.request.resend_count"));
    }

    [Fact]
    public async Task A_fill_that_breaks_says_so()
    {
        _remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 403, "InvalidAccessKeyId");
            return ScriptedOutcome.Answered;
        };
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos/a", null, spans.Header);

        var fill = await spans.OneAsync("remote fill");
        Assert.Equal("failed", fill.GetTagItem(SpanAttributes.Outcome));
        Assert.Equal("BadCredentials", fill.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Error, fill.Status);
    }

    [Fact]
    public async Task What_cannot_be_cached_is_streamed_and_the_fill_says_why()
    {
        _remote.Put("photos", "a", new ScriptedObject(new byte[100], "W/\"weak\"", DateTimeOffset.UtcNow, []));
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos/a", null, spans.Header);

        Assert.Equal("not held", (await spans.OneAsync("remote fill")).GetTagItem(SpanAttributes.Outcome));
        Assert.Equal(100L, (await spans.OneAsync("remote stream")).GetTagItem(SpanAttributes.Bytes));
    }

    [Fact]
    public async Task Chunks_fetched_ahead_are_fills_that_say_so()
    {
        _remote.Put("photos", "large", new byte[8 * Chunk]);
        await using var proxy = await OverlayHost.StartEmbeddedAsync(
            _remote.Endpoint,
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "512KiB"), ("S3_OVERLAY_CHUNK_SIZE", "256KiB"),
            ("S3_OVERLAY_READ_AHEAD_BYTES", "512KiB"));
        using var spans = new SpanCollector();

        await proxy.SendAsync("GET", "/photos/large", null, spans.Header, ("Range", $"bytes=0-{Chunk - 1}"));
        await proxy.SendAsync("GET", "/photos/large", null, spans.Header, ("Range", $"bytes={Chunk}-{(2 * Chunk) - 1}"));

        await proxy.WhenIdleAsync();
        await spans.WhenAllEndedAsync();
        var ahead = spans.Named("remote fill").Where(fill => fill.GetTagItem(SpanAttributes.ReadAhead) is true).ToList();
        Assert.Equal(2, ahead.Count);
        Assert.All(ahead, fill => Assert.Equal((long)Chunk, fill.GetTagItem(SpanAttributes.Bytes)));
    }

    [Fact]
    public async Task Without_caching_bytes_are_streamed()
    {
        _remote.Put("photos", "a", new byte[300_000]);
        await using var proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint);
        using var spans = new SpanCollector();

        await proxy.SendAsync("GET", "/photos/a", null, spans.Header);

        var stream = await spans.OneAsync("remote stream");
        Assert.Equal(300_000L, stream.GetTagItem(SpanAttributes.Bytes));
        Assert.Equal(stream.SpanId, (await spans.OneAsync("GET remote")).ParentSpanId);
        Assert.Empty(spans.Named("remote fill"));
    }

    [Fact]
    [Trait("Rule", "L1")]
    public async Task A_merged_page_is_a_span_with_the_remotes_pages_below_it()
    {
        _remote.Put("photos", "a", new byte[1]);
        _remote.Put("photos", "b", new byte[1]);
        await _proxy.SendAsync("PUT", "/photos/c", "c");
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos?list-type=2", null, spans.Header);

        var merge = await spans.OneAsync("list merge");
        Assert.Equal((await spans.OneAsync("S3.ListObjectsV2")).SpanId, merge.ParentSpanId);
        Assert.Equal(3, merge.GetTagItem(SpanAttributes.Rows));
        Assert.Contains(spans.Named("GET remote"), attempt => attempt.ParentSpanId == merge.SpanId);
    }

    private static long Tag(Activity span, string name) => (long)span.GetTagItem(name)!;
}
