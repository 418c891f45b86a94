using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>
/// What a proxy's process exports to a collector: traces, metrics and logs under one service name, the last of them at shutdown.
/// </summary>
public sealed class ExportTests : IAsyncLifetime
{
    private const string Traces = "/v1/traces";
    private const string Metrics = "/v1/metrics";
    private const string Logs = "/v1/logs";

    private readonly TemporaryFolder _folder = new();
    private ScriptedRemote _remote = null!;
    private OtlpReceiver _collector = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _collector = await OtlpReceiver.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _collector.DisposeAsync();
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_was_not_sent_yet_is_sent_at_the_end()
    {
        _remote.Put("photos", "2024/a.jpg", new byte[1000]);
        await using var proxy = await StartAsync(("OTEL_EXPORTER_OTLP_ENDPOINT", _collector.Endpoint.ToString()));
        await new SignedHttp(proxy.Endpoint).SendAsync("GET", "/photos/2024/a.jpg");
        _remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 403, "AccessDenied");
            return ScriptedOutcome.Answered;
        };
        await new SignedHttp(proxy.Endpoint).SendAsync("GET", "/photos/refused");

        Assert.Equal(0, await proxy.TerminateAsync());

        Assert.All(["S3.GetObject", "local miss", "remote fill", "fill wait", "GET remote", "aws.s3.bucket", "2024/a.jpg"],
            text => Assert.True(_collector.Has(Traces, text), text));
        Assert.All(["s3_overlay_requests_total", "s3_overlay_fills_total", "kestrel.active_connections"],
            text => Assert.True(_collector.Has(Metrics, text), text));
        Assert.True(_collector.Has(Logs, "The remote refused an object of photos"));
        Assert.All([Traces, Metrics, Logs], path => Assert.True(_collector.Has(path, "s3overlay"), path));
        Assert.All([Traces, Metrics, Logs], path => Assert.True(_collector.Has(path, "service.version"), path));
        Assert.False(_collector.Has(Metrics, "photos"));

        // The proxy's spans know S3: those of the web server and of the HTTP client would say the same again.
        Assert.All(["url.path", "url.full", "Microsoft.AspNetCore", "System.Net.Http"],
            text => Assert.False(_collector.Has(Traces, text), text));
        Assert.False(_collector.Has(Traces, "minioadmin"));
    }

    [Fact]
    public async Task The_environment_says_who_the_service_is_and_one_process_has_one_id()
    {
        await using var proxy = await StartAsync(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", _collector.Endpoint.ToString()),
            ("OTEL_SERVICE_NAME", "reader-of-photos"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=the-only-one,deployment.environment.name=test"));
        await new SignedHttp(proxy.Endpoint).SendAsync("GET", "/photos/missing");
        await new SignedHttp(proxy.Endpoint, "minioadmin", "wrong").SendAsync("GET", "/photos/missing");

        Assert.Equal(0, await proxy.TerminateAsync());

        Assert.All([Traces, Metrics], path => Assert.All(
            ["reader-of-photos", "the-only-one", "deployment.environment.name"], text =>
                Assert.True(_collector.Has(path, text), $"{path} {text}")));
    }

    [Fact]
    public async Task Requests_for_health_and_metrics_leave_no_trace()
    {
        await using var proxy = await StartAsync(("OTEL_EXPORTER_OTLP_ENDPOINT", _collector.Endpoint.ToString()));
        foreach (var target in (string[])["/health", "/alive", "/metrics"])
        {
            Assert.Equal(200, (await new SignedHttp(proxy.Endpoint).SendUnsignedAsync(
                "GET", target, null, ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))).Status);
        }

        Assert.Equal(0, await proxy.TerminateAsync());

        Assert.True(_collector.Has(Metrics, "kestrel.active_connections"));
        Assert.False(_collector.Has(Traces, ""));
    }

    [Fact]
    public async Task A_missing_collector_delays_neither_requests_nor_shutdown()
    {
        await using var proxy = await StartAsync(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"));

        Assert.Equal(404, (await new SignedHttp(proxy.Endpoint).SendAsync("GET", "/photos/missing")).Status);
        Assert.Equal(0, await proxy.TerminateAsync());
    }

    [Fact]
    public async Task Nothing_is_exported_by_default()
    {
        await using var proxy = await StartAsync();
        await new SignedHttp(proxy.Endpoint).SendAsync("GET", "/photos/missing");

        Assert.Equal(0, await proxy.TerminateAsync());

        Assert.False(_collector.Has(Traces, ""));
    }

    private Task<ProxyProcess> StartAsync(params (string Name, string Value)[] settings) => ProxyProcess.StartAsync(
        _folder["data"],
        [
            ("S3_OVERLAY_REMOTE_ENDPOINT", _remote.Endpoint.ToString()), ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "remote"),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "remote"),
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), .. settings,
        ]);
}
