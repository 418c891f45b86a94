using System.Net;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

using S3Overlay.ServiceDefaults;

namespace S3Overlay.Tests.Hosting;

/// <summary>What any other service of the solution gets from the two calls of the template.</summary>
public sealed class ServiceDefaultsTests : IAsyncLifetime
{
    private HealthCheckResult _found = HealthCheckResult.Healthy();
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults();
        builder.Services.AddHealthChecks().AddCheck("database", () => _found);
        _app = builder.Build();
        _app.MapDefaultEndpoints();
        _app.MapGet("/hello", () => "hello");
        await _app.StartAsync();
        _client = new()
            { BaseAddress = new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task A_service_that_is_well_says_so_and_goes_on_serving()
    {
        Assert.Equal("{\"status\":\"ok\"}", await _client.GetStringAsync("/health"));
        Assert.Equal("{\"status\":\"ok\"}", await _client.GetStringAsync("/alive"));
        Assert.Equal("hello", await _client.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData(HealthStatus.Degraded, HttpStatusCode.OK, "{\"status\":\"degraded\"}")]
    [InlineData(HealthStatus.Unhealthy, HttpStatusCode.ServiceUnavailable, "{\"status\":\"unhealthy\"}")]
    public async Task What_it_depends_on_decides_whether_it_is_ready_and_not_whether_it_is_alive(
        HealthStatus found, HttpStatusCode status, string body)
    {
        _found = new HealthCheckResult(found, "a secret of the house");

        using var health = await _client.GetAsync("/health");
        using var alive = await _client.GetAsync("/alive");

        Assert.Equal(status, health.StatusCode);
        Assert.Equal(body, await health.Content.ReadAsStringAsync());
        Assert.Equal("no-store", health.Headers.CacheControl!.ToString());
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        Assert.Equal("{\"status\":\"ok\"}", await alive.Content.ReadAsStringAsync());
    }

    [Fact]
    public void Without_a_collector_no_telemetry_is_set_up()
    {
        Assert.Null(_app.Services.GetService<TracerProvider>());
        Assert.Null(_app.Services.GetService<MeterProvider>());
        Assert.DoesNotContain(_app.Services.GetServices<ILoggerProvider>(), static provider => provider is OpenTelemetryLoggerProvider);
    }
}
