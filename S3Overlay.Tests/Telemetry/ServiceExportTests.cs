using System.Diagnostics;
using System.Diagnostics.Metrics;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

using S3Overlay.ServiceDefaults;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>
/// What a service with the shared defaults exports. It listens to every server and HTTP client of this process, so no other test may run at
/// the same time.
/// </summary>
[Collection(AloneInProcess.Name)]
public sealed class ServiceExportTests : IAsyncLifetime
{
    private const string Traces = "/v1/traces";
    private const string Metrics = "/v1/metrics";
    private const string Logs = "/v1/logs";

    private OtlpReceiver _collector = null!;

    public async Task InitializeAsync() => _collector = await OtlpReceiver.StartAsync();

    public async Task DisposeAsync() => await _collector.DisposeAsync();

    [Fact]
    public async Task Sources_meters_and_attributes_that_the_application_adds_are_exported()
    {
        using var first = new ActivitySource("Mine.First");
        using var second = new ActivitySource("Mine.Second");
        using var meter = new Meter("Mine.Meter");
        var counter = meter.CreateCounter<long>("mine.things");
        await using (await StartAsync(static builder =>
        {
            builder.Services.ConfigureOpenTelemetryTracerProvider(static tracing => tracing.AddSource("Mine.First"));
            builder.Services.AddOpenTelemetry()
                .ConfigureResource(static resource => resource.AddAttributes([new("team.name", "team-of-mine")]))
                .WithTracing(static tracing => tracing.AddSource("Mine.Second"))
                .WithMetrics(static metrics => metrics.AddMeter("Mine.Meter"));
        }))
        {
            first.StartActivity("span-by-configure")?.Dispose();
            second.StartActivity("span-by-builder")?.Dispose();
            counter.Add(1);
        }

        Assert.All(["span-by-configure", "span-by-builder", "team-of-mine"], text => Assert.True(_collector.Has(Traces, text), text));
        Assert.All(["mine.things", "team-of-mine"], text => Assert.True(_collector.Has(Metrics, text), text));
    }

    [Fact]
    public async Task Requests_in_and_out_metrics_and_logs_with_their_scopes_are_exported()
    {
        await using (var app = await StartAsync(map: app => app.MapGet("/incoming", async (ILogger<ServiceExportTests> log) =>
        {
            using var client = new HttpClient();
            using var response = await client.GetAsync(new Uri(_collector.Endpoint, "/outgoing"));
            using (log.BeginScope(new Dictionary<string, object> { ["order.number"] = "order-4711" }))
            {
#pragma warning disable CA1848, CA1873 // A message of this test alone.
                log.LogInformation("Shipped to {City}", "Bergen");
#pragma warning restore CA1848, CA1873
            }
        })))
        {
            Assert.Equal(200, await GetAsync(app, "/incoming"));
        }

        // Only clients have url.full: the collector's server runs in this process and leaves a span of the same request.
        Assert.All(["/incoming", "/outgoing", "url.full", "service-of-tests"], text => Assert.True(_collector.Has(Traces, text), text));
        Assert.All(
            ["http.server.request.duration", "kestrel.active_connections", "http.client.request.duration", "dotnet.gc.collections",
                "service-of-tests"],
            text => Assert.True(_collector.Has(Metrics, text), text));
        Assert.All(["Shipped to Bergen", "order-4711", "service-of-tests"], text => Assert.True(_collector.Has(Logs, text), text));
    }

    [Fact]
    public async Task Health_requests_and_what_their_checks_do_leave_no_trace()
    {
        using var source = new ActivitySource("Mine.Checks");
        var checks = 0;
        await using (var app = await StartAsync(
            builder =>
            {
                builder.Services.ConfigureOpenTelemetryTracerProvider(static tracing => tracing.AddSource("Mine.Checks"));
                builder.Services.AddHealthChecks().AddCheck("database", () =>
                {
                    source.StartActivity("asked-by-a-check")?.Dispose();
                    checks++;
                    return HealthCheckResult.Healthy();
                });
            },
            static app => app.MapGet("/hello", static () => "hello")))
        {
            foreach (var target in (string[])["/health", "/alive", "/hello"])
            {
                Assert.Equal(200, await GetAsync(app, target));
            }
        }

        Assert.Equal(1, checks);
        Assert.True(_collector.Has(Traces, "/hello"));
        Assert.All(["/health", "/alive", "asked-by-a-check"], text => Assert.False(_collector.Has(Traces, text), text));
    }

    private async Task<WebApplication> StartAsync(Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] = _collector.Endpoint.ToString();
        builder.Configuration["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        builder.Configuration["OTEL_SERVICE_NAME"] = "service-of-tests";
        configure?.Invoke(builder);
        builder.AddServiceDefaults();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        map?.Invoke(app);
        await app.StartAsync();
        return app;
    }

    /// <summary>Sends a GET over a plain socket: an HTTP client in this process would leave a span that names the target.</summary>
    private static async Task<int> GetAsync(WebApplication app, string target)
    {
        var endpoint = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return (await new SignedHttp(endpoint).SendUnsignedAsync("GET", target)).Status;
    }
}
