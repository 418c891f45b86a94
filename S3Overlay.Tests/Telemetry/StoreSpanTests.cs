using System.Diagnostics;

using S3Overlay.Proxy.Telemetry;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>Spans over an S3 endpoint as local: the calls of the store, and the trace context that the store receives.</summary>
public sealed class StoreSpanTests : IAsyncLifetime
{
    private StoreServer _store = null!;
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _store = await StoreServer.StartAsync(TimeProvider.System);
        _remote = await ScriptedRemote.StartAsync();
        _proxy = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint, null, ("S3_OVERLAY_CACHE_ENABLED", "true"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task A_local_hit_is_one_call_to_the_store_whose_own_span_is_below_it()
    {
        _remote.Put("photos", "other", new byte[1]);
        await _proxy.SendAsync("PUT", "/photos/a", "written");
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos/a", null, spans.Header, ("tracestate", "client=1"));

        // This trace has two servers: the proxy, and the store, which is a proxy too.
        var requests = await spans.SeveralAsync("S3.GetObject", 2);
        var attempt = await spans.OneAsync("GET local store");
        var hit = await spans.OneAsync("local hit");
        var (inner, outer) = (requests.Single(span => span.ParentSpanId == attempt.SpanId),
            requests.Single(span => span.ParentSpanId.ToHexString() == spans.ClientSpan));
        Assert.Equal(hit.SpanId, attempt.ParentSpanId);
        Assert.Equal(outer.SpanId, hit.ParentSpanId);
        Assert.Equal("client=1", inner.TraceStateString);
        Assert.Equal(4, spans.Ended.Count);
    }

    [Fact]
    public async Task A_write_is_one_call_to_the_store()
    {
        _remote.Put("photos", "other", new byte[1]);
        await _proxy.SendAsync("PUT", "/photos/a", "makes the bucket");
        using var spans = new SpanCollector();

        await _proxy.SendAsync("PUT", "/photos/a", "written", spans.Header);

        await spans.SeveralAsync("S3.PutObject", 2);
        var attempt = await spans.OneAsync("PUT local store");
        Assert.Equal(ActivityKind.Client, attempt.Kind);
        Assert.Equal(200, attempt.GetTagItem("http.response.status_code"));
        Assert.Equal("photos", attempt.GetTagItem("aws.s3.bucket"));
    }

    [Fact]
    public async Task What_a_fill_brought_is_put_into_the_store_below_the_fill()
    {
        _remote.Put("photos", "a", new byte[1000]);
        using var spans = new SpanCollector();

        await _proxy.SendAsync("GET", "/photos/a", null, spans.Header);
        await _proxy.WhenIdleAsync();

        var fill = await spans.OneAsync("remote fill");
        var upload = await spans.OneAsync("copy upload");
        Assert.Equal(fill.SpanId, upload.ParentSpanId);
        Assert.Contains(spans.Named("PUT local store"), attempt => attempt.ParentSpanId == upload.SpanId);
        Assert.All(spans.Named("GET remote"), attempt => Assert.Equal(fill.SpanId, attempt.ParentSpanId));
    }

    [Fact]
    public async Task An_unreachable_store_shows_on_the_attempt_and_the_lookup()
    {
        await using var dead = await OverlayHost.StartAsync(new Uri("http://127.0.0.1:1"), _remote.Endpoint);
        using var spans = new SpanCollector();

        await dead.SendAsync("GET", "/photos/a", null, spans.Header);

        Assert.Equal("ConnectionError", (await spans.OneAsync("GET local store")).GetTagItem("error.type"));
        Assert.Equal("ServiceUnavailable", (await spans.OneAsync("local miss")).GetTagItem("error.type"));
        Assert.Equal("failed", (await spans.OneAsync("S3.GetObject")).GetTagItem(SpanAttributes.Outcome));
    }
}
