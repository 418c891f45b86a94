using System.Net;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Tests.Hosting;

public sealed class OperationsEndpointsTests : IAsyncLifetime
{
    private const int FrontDoor = StatusCodes.Status418ImATeapot;

    private readonly ProxyMeters _meters = new();
    private MetricsPage _page = null!;
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        var builder = ProxyBuilder.FromSettings([new("urls", "http://127.0.0.1:0")]);
        var options = ProxyOptionsReader.Read(builder.Configuration, new());
        ProxyBuilder.Configure(builder, options);
        _app = builder.Build();
        _page = new(_meters.Meter);
        _app.UseProxyPipeline(options.Clients, _page, context =>
        {
            context.Response.StatusCode = FrontDoor;
            return Task.CompletedTask;
        }, static () => null);
        await _app.StartAsync();
        _client = new()
            { BaseAddress = new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _page.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public async Task Health_is_ok()
    {
        using var response = await _client.GetAsync("/health");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("{\"status\":\"ok\"}", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Metrics_are_a_page_for_Prometheus()
    {
        using var response = await _client.GetAsync("/metrics");

        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("s3_overlay_requests_total", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/robots.txt", HttpStatusCode.OK)]
    [InlineData("/favicon.ico", HttpStatusCode.NoContent)]
    public async Task Browsers_get_a_favicon_and_robots_txt(string target, HttpStatusCode expected)
    {
        using var response = await _client.GetAsync(target);

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/metrics")]
    [InlineData("/robots.txt")]
    public async Task HEAD_returns_only_headers(string target)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, target);
        using var response = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.Content.Headers.ContentLength > 0);
    }

    [Theory]
    [InlineData("GET", "/health?list-type=2")]
    [InlineData("GET", "/health?X-Amz-Signature=0")]
    [InlineData("GET", "/health/")]
    [InlineData("GET", "/health/key")]
    [InlineData("GET", "/%68ealth")]
    [InlineData("PUT", "/health")]
    [InlineData("DELETE", "/metrics")]
    [InlineData("GET", "/metrics/")]
    [InlineData("GET", "/metrics?prefix=a")]
    [InlineData("GET", "/")]
    [InlineData("GET", "/bucket/metrics")]
    public async Task Everything_else_is_S3(string method, string target)
    {
        using var request = new HttpRequestMessage(new(method), new Uri(
            _client.BaseAddress + target[1..], new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        using var response = await _client.SendAsync(request);

        Assert.Equal(FrontDoor, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/metrics")]
    [InlineData("/robots.txt")]
    [InlineData("/favicon.ico")]
    public async Task A_signed_request_for_a_bucket_of_that_name_is_S3(string target)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, target);
        request.Headers.TryAddWithoutValidation("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request");
        using var response = await _client.SendAsync(request);

        Assert.Equal(FrontDoor, (int)response.StatusCode);
    }
}
