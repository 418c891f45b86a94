using System.Net;

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Hosting.WebConsole;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.WebConsole;

/// <summary>The console's port and the S3 port.</summary>
public sealed class PortTests : ConsoleTestBase
{
    [Fact]
    public async Task The_console_serves_no_S3_and_S3_no_console()
    {
        var signed = new SignedHttp(Address);
        Assert.Equal(401, (await signed.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(404, (await Proxy.SendAsync("GET", "/bucket")).Status);
        Assert.NotEqual(200, (await signed.SendAsync("GET", "/-/v1/stats")).Status);

        using var client = new ConsoleClient(Proxy.Endpoint);
        foreach (var target in (string[])["/sign-in", "/_framework/blazor.web.js", "/console.css"])
        {
            // An S3 error: there is no such bucket, or it is not for everyone.
            using var response = await client.GetAsync(target);
            Assert.True(response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.BadRequest);
            Assert.Equal("application/xml", response.Content.Headers.ContentType!.MediaType);
        }
    }

    [Fact]
    public async Task Nothing_of_it_is_loaded_before_somebody_looks()
    {
        Assert.Equal(200, (await Proxy.SendAsync("GET", "/")).Status);
        Assert.False(Proxy.IsConsoleLoaded);

        using var response = await NewClient().GetAsync("/");

        Assert.True(Proxy.IsConsoleLoaded);
    }

    [Theory]
    [InlineData("/-/", "text/html,application/xhtml+xml", 302)]
    [InlineData("/-", "text/html", 302)]
    [InlineData("/-/", "*/*", 403)]
    [InlineData("/-/v1/stats", "text/html", 403)]
    [InlineData("/-/?a", "text/html", 403)]
    public async Task The_S3_port_sends_a_browser_to_the_console(string target, string accept, int expected)
    {
        var response = await Proxy.Http.SendUnsignedAsync("GET", target, null, ("Accept", accept));

        Assert.Equal(expected, response.Status);
        Assert.Equal(expected == 302 ? Address.ToString() : null, response.Headers.GetValueOrDefault("Location"));
    }

    [Fact, NeedsNetwork]
    public async Task A_browser_elsewhere_is_not_sent_to_its_own_machine()
    {
        foreach (var (console, expected) in ((string, int)[])[("http://127.0.0.1:0", 403), ("http://*:0", 302)])
        {
            await using var open = await OverlayHost.StartEmbeddedAsync(
                null, ("urls", "http://*:0"), ("S3_OVERLAY_CONSOLE_URLS", console));
            var http = new SignedHttp(new Uri($"http://{NeedsNetworkAttribute.Address}:{open.Endpoint.Port}"));

            var response = await http.SendUnsignedAsync("GET", "/-/", null, ("Accept", "text/html"));

            Assert.Equal((console, expected), (console, response.Status));
            Assert.Equal(expected == 302 ? $"http://{NeedsNetworkAttribute.Address}:{open.WebConsole!.Port}/" : null,
                response.Headers.GetValueOrDefault("Location"));
        }
    }

    [Theory]
    [InlineData("http://127.0.0.1:8001;https://127.0.0.1:8443", true)]
    [InlineData("http://127.0.0.1:8001;http://[::1]:8001", false)]
    [InlineData("https://127.0.0.1:8001;https://console.test:8443", false)]
    public void Addresses_with_and_without_TLS_are_refused_together(string urls, bool isWrong)
    {
        var problems = new ConfigurationProblems();
        ProxyOptionsReader.Read(
            new ConfigurationBuilder().AddInMemoryCollection([new("S3_OVERLAY_CONSOLE_URLS", urls)]).Build(), problems);

        Assert.Equal(isWrong, problems.Errors.Any(static error => $"{error}".Contains("http and https", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_address_that_was_set_and_is_in_use_ends_the_start_in_one_line()
    {
        var failure = await Assert.ThrowsAsync<StartupException>(
            () => OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_CONSOLE_URLS", Address.ToString().TrimEnd('/'))));

        Assert.Contains($"{Address.Port} is in use", failure.Message, StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_CONSOLE_URLS", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_default_address_in_use_is_one_line_and_no_console()
    {
        var (port, problem) = await ConsolePort.StartAsync(
            new([Address.ToString().TrimEnd('/')], IsDefault: true), new ConfigurationBuilder().Build(), static _ => throw new("unused"),
            NullLoggerFactory.Instance);

        Assert.Null(port);
        Assert.Contains("in use", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Turned_off_there_is_none()
    {
        await using var without = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_CONSOLE_URLS", "false"));

        Assert.Null(without.WebConsole);
        Assert.Equal(403, (await without.Http.SendUnsignedAsync("GET", "/-/", null, ("Accept", "text/html"))).Status);
    }
}
