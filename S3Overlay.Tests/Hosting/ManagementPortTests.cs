using System.Net;

using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Tests.Configuration;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting;

public sealed class ManagementPortTests : OptionsTestBase, IAsyncLifetime
{
    private OverlayHost _proxy = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_MANAGEMENT_URLS", "http://127.0.0.1:0"));
        _client = new() { BaseAddress = _proxy.Management };
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _proxy.DisposeAsync();
    }

    [Theory]
    [InlineData("/health", "{\"status\":\"ok\"}")]
    [InlineData("/alive", "{\"status\":\"ok\"}")]
    [InlineData("/metrics", "s3_overlay_requests_total")]
    public async Task Health_and_metrics_are_served_there_and_on_the_S3_port(string target, string expected)
    {
        Assert.NotEqual(_proxy.Endpoint, _proxy.Management);
        Assert.Contains(expected, await _client.GetStringAsync(target), StringComparison.Ordinal);
        Assert.Contains(expected, (await _proxy.Http.SendUnsignedAsync("GET", target)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/", HttpStatusCode.NotFound)]
    [InlineData("GET", "/bucket/key", HttpStatusCode.NotFound)]
    [InlineData("GET", "/health?a", HttpStatusCode.NotFound)]
    [InlineData("GET", "/-/v1/tombstones", HttpStatusCode.NotFound)]
    [InlineData("HEAD", "/health", HttpStatusCode.OK)]
    [InlineData("PUT", "/bucket", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/health", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/metrics", HttpStatusCode.MethodNotAllowed)]
    public async Task Nothing_else_is_there(string method, string target, HttpStatusCode expected)
    {
        using var response = await _client.SendAsync(new HttpRequestMessage(new(method), target));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task A_signed_request_is_nothing_to_it()
    {
        var http = new SignedHttp(_proxy.Management!);

        Assert.Equal(405, (await http.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(404, (await http.SendAsync("GET", "/bucket")).Status);
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket")).Status);
    }

    [Fact]
    public async Task An_address_in_use_ends_the_start_in_one_line()
    {
        var settings = new Dictionary<string, string?>
        {
            ["S3_OVERLAY_DATA_DIR"] = _proxy.Folder["other"],
            ["S3_OVERLAY_MANAGEMENT_URLS"] = _proxy.Management!.ToString(),
            ["urls"] = "http://127.0.0.1:0",
        };
        var builder = ProxyBuilder.FromSettings(settings);
        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(builder.Configuration, problems);
        Assert.Empty(problems.Errors);

        var failure = await Assert.ThrowsAsync<StartupException>(() => RunningProxy.StartAsync(builder, options, problems));

        Assert.Contains($"{_proxy.Management.Port} is in use", failure.Message.Replace("/ ", " ", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("9100")]
    [InlineData("https://127.0.0.1:9100")]
    [InlineData("http://127.0.0.1:9100;nowhere")]
    public void Invalid_addresses_are_reported(string value) =>
        Assert.Contains("S3_OVERLAY_MANAGEMENT_URLS", ReadError($"S3_OVERLAY_MANAGEMENT_URLS={value}").ToString(),
            StringComparison.Ordinal);

    [Fact]
    public void Several_addresses_are_read() =>
        Assert.Equal(["http://127.0.0.1:9100", "http://[::1]:9100"], Read(
            "S3_OVERLAY_MANAGEMENT_URLS=http://127.0.0.1:9100; http://[::1]:9100").Management);
}
