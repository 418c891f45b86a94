using System.Diagnostics;

using S3Overlay.Proxy.Telemetry;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>One span for each request, with the operation and its outcome.</summary>
public sealed class RequestSpanTests : IAsyncLifetime
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
    public async Task A_request_is_a_server_span_below_the_clients_own()
    {
        _remote.Put("photos", "2024/a.jpg", new byte[1000]);
        using var spans = new SpanCollector();

        var answer = await _proxy.SendAsync("GET", "/photos/2024/a.jpg", null, spans.Header);

        var span = await spans.OneAsync("S3.GetObject");
        Assert.Equal(200, answer.Status);
        Assert.Equal(ActivityKind.Server, span.Kind);
        Assert.Equal(spans.ClientSpan, span.ParentSpanId.ToHexString());
        Assert.Equal("aws-api", span.GetTagItem("rpc.system.name"));
        Assert.Equal("GetObject", span.GetTagItem("rpc.method"));
        Assert.Equal("photos", span.GetTagItem("aws.s3.bucket"));
        Assert.Equal("2024/a.jpg", span.GetTagItem("aws.s3.key"));
        Assert.Equal(answer.Headers["x-amz-request-id"], span.GetTagItem("aws.request_id"));
        Assert.Equal("GET", span.GetTagItem("http.request.method"));
        Assert.Equal(200, span.GetTagItem("http.response.status_code"));
        Assert.Equal(1000L, span.GetTagItem("http.response.body.size"));
        Assert.Equal("remote", span.GetTagItem(SpanAttributes.Layer));
        Assert.Equal("MISS", span.GetTagItem(SpanAttributes.Cache));
        Assert.Equal("ok", span.GetTagItem(SpanAttributes.Outcome));
        Assert.Null(span.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
    }

    [Fact]
    public async Task A_writes_span_says_how_much_came_in()
    {
        _remote.Put("photos", "a", new byte[1]);
        using var spans = new SpanCollector();

        await _proxy.SendAsync("PUT", "/photos/b", "twelve bytes", spans.Header);

        var span = await spans.OneAsync("S3.PutObject");
        Assert.Equal(12L, span.GetTagItem("http.request.body.size"));
        Assert.Equal(0L, span.GetTagItem("http.response.body.size"));
        Assert.Equal("ok", span.GetTagItem(SpanAttributes.Outcome));
    }

    [Theory]
    [InlineData("/photos/a", 1000L)]
    [InlineData("/photos/a?tagging", null)]
    [InlineData("/photos", null)]
    [InlineData("/", null)]
    public async Task Responses_are_counted_to_the_byte(string target, long? bytes)
    {
        _remote.Put("photos", "other", new byte[1]);
        await _proxy.SendAsync("PUT", "/photos/a", new string('x', 1000));
        using var spans = new SpanCollector();

        var answer = await _proxy.SendAsync("GET", target, null, spans.Header);

        await spans.UntilAsync(() => spans.Ended.Any(span => span.Kind == ActivityKind.Server), "The request has no span.");
        var span = spans.Ended.Single(span => span.Kind == ActivityKind.Server);
        Assert.Equal(200, answer.Status);
        Assert.Equal(bytes ?? answer.Body.Length, span.GetTagItem("http.response.body.size"));
    }

    [Theory]
    [InlineData("GET", "/photos/missing", "S3.GetObject", "NoSuchKey", 404)]
    [InlineData("GET", "/photos?max-keys=many", "S3.ListObjects", "InvalidArgument", 400)]
    [InlineData("PUT", "/photos/a?partNumber=1&uploadId=none", "S3.UploadPart", "NoSuchUpload", 404)]
    public async Task A_clients_mistake_is_no_failure_of_the_server(string method, string target, string name, string code, int status)
    {
        _remote.Put("photos", "a", new byte[1]);
        using var spans = new SpanCollector();

        await _proxy.SendAsync(method, target, method == "PUT" ? "x" : null, spans.Header);

        var span = await spans.OneAsync(name);
        Assert.Equal(code, span.GetTagItem("error.type"));
        Assert.Equal(status, span.GetTagItem("http.response.status_code"));
        Assert.Equal("refused", span.GetTagItem(SpanAttributes.Outcome));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
    }

    [Fact]
    public async Task A_refused_signature_is_known_by_its_code_and_shows_no_secret()
    {
        using var spans = new SpanCollector();
        var http = new SignedHttp(_proxy.Endpoint, "minioadmin", "not-the-secret");

        var answer = await http.SendAsync("GET", "/photos/a?X-Amz-Security-Token=keep-me-out", null, spans.Header);

        var span = await spans.OneAsync("S3");
        Assert.Equal(403, answer.Status);
        Assert.Equal("SignatureDoesNotMatch", span.GetTagItem("error.type"));
        Assert.Equal("refused", span.GetTagItem(SpanAttributes.Outcome));
        Assert.DoesNotContain(span.TagObjects, tag => tag.Value is string text
            && (text.Contains("keep-me-out", StringComparison.Ordinal) || text.Contains("Signature=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_the_server_fails_at_is_an_error()
    {
        _remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 403, "InvalidAccessKeyId");
            return ScriptedOutcome.Answered;
        };
        using var spans = new SpanCollector();

        var answer = await _proxy.SendAsync("GET", "/photos/a", null, spans.Header);

        var span = await spans.OneAsync("S3.GetObject");
        Assert.Equal(503, answer.Status);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("ServiceUnavailable", span.GetTagItem("error.type"));
        Assert.Equal("failed", span.GetTagItem(SpanAttributes.Outcome));
    }

    [Fact]
    public async Task An_unfinished_response_is_reported_as_cut()
    {
        _remote.Put("photos", "a", new byte[300_000]);
        var changed = 0;
        _remote.Script = (request, _) =>
        {
            if (request.Key == "a" && Interlocked.Increment(ref changed) > 1)
            {
                // The version has changed when the rest is requested.
                _remote.Put("photos", "a", [.. Enumerable.Repeat((byte)1, 300_000)]);
            }

            return Task.FromResult(changed == 1 ? new ScriptedOutcome { CutAfter = 100_000 } : ScriptedOutcome.AsUsual);
        };
        using var spans = new SpanCollector();

        var answer = await _proxy.SendAsync("GET", "/photos/a", null, spans.Header);

        var span = await spans.OneAsync("S3.GetObject");
        Assert.True(answer.Body.Length < 300_000);
        Assert.Equal("cut", span.GetTagItem(SpanAttributes.Outcome));
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.True((long)span.GetTagItem("http.response.body.size")! >= answer.Body.Length);
    }

    [Fact]
    public async Task What_programs_ask_again_and_again_is_sent_only_if_it_fails()
    {
        using var spans = new SpanCollector();

        foreach (var method in (string[])["stats", "status", "history", "stats?no=such"])
        {
            await _proxy.SendAsync("GET", "/-/v1/" + method, null, spans.Header);
        }

        await spans.UntilAsync(() => spans.Ended.Count >= 4, "A span does not end.");
        Assert.Equal(400, Assert.Single(spans.Ended, static span => span.Recorded).GetTagItem("http.response.status_code"));
    }

    [Fact]
    public async Task Looks_at_health_and_metrics_are_no_requests_of_S3()
    {
        using var spans = new SpanCollector();

        await _proxy.Http.SendUnsignedAsync("GET", "/health", null, spans.Header);
        await _proxy.Http.SendUnsignedAsync("GET", "/metrics", null, spans.Header);
        await _proxy.SendAsync("GET", "/", null, spans.Header);

        await spans.OneAsync("S3.ListBuckets");
        Assert.Single(spans.Ended);
    }
}
