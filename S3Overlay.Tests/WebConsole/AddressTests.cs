using System.Net;
using System.Net.WebSockets;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Security;

namespace S3Overlay.Tests.WebConsole;

/// <summary>The console answers its own hosts, and its own pages.</summary>
public sealed class AddressTests : ConsoleTestBase
{
    [Theory]
    [InlineData("evil.test")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:1")]
    [InlineData("localhost.evil.test:{port}")]
    [InlineData("10.0.0.1:{port}")]
    public async Task Another_host_is_refused_whatever_it_asks_for(string host)
    {
        var client = await SignedInAsync();
        host = host.Replace("{port}", $"{Address.Port}", StringComparison.Ordinal);
        foreach (var target in (string[])["/", "/sign-in", "/settings", "/console.css", "/_blazor/negotiate", "/nothing"])
        {
            using var response = await client.SendAsync(HttpMethod.Get, target, ("Host", host));
            Assert.Equal((target, HttpStatusCode.MisdirectedRequest), (target, response.StatusCode));
        }
    }

    [Theory]
    [InlineData("Origin", "http://evil.test")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Origin", "https://127.0.0.1:{port}")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_page_of_another_origin_can_do_nothing(string header, string value)
    {
        var client = await SignedInAsync();
        value = value.Replace("{port}", $"{Address.Port}", StringComparison.Ordinal);
        foreach (var (method, target) in ((string, string)[])[("GET", "/"), ("POST", "/sign-in"), ("POST", "/sign-out"),
            ("POST", "/_blazor/negotiate"), ("GET", "/_blazor"), ("GET", "/sign-in/00")])
        {
            using var response = await client.SendAsync(new(method), target, (header, value));
            Assert.Equal((target, HttpStatusCode.Forbidden), (target, response.StatusCode));
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        }
    }

    [Theory]
    [InlineData("http://evil.test", false)]
    [InlineData(null, true)]
    public async Task A_page_of_another_origin_opens_no_socket(string? origin, bool isOwn)
    {
        var client = await SignedInAsync();
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", origin ?? Address.GetLeftPart(UriPartial.Authority));
        socket.Options.SetRequestHeader("Cookie", client.Cookies.GetCookieHeader(Address));
        var opening = socket.ConnectAsync(new UriBuilder(Address) { Scheme = "ws", Path = "/_blazor" }.Uri, CancellationToken.None);

        if (isOwn)
        {
            await opening;
        }
        else
        {
            await Assert.ThrowsAsync<WebSocketException>(() => opening);
        }
    }

    [Fact]
    public async Task A_link_from_another_page_may_be_followed_and_a_form_without_a_referrer_sent()
    {
        var client = await SignedInAsync();

        using var link = await client.SendAsync(HttpMethod.Get, "/settings",
            ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"));
        using var form = await NewClient().SignInAsync(headers: [("Origin", "null"), ("Sec-Fetch-Site", "same-origin")]);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Found), (link.StatusCode, form.StatusCode));
    }

    [Fact]
    public async Task A_name_in_the_settings_is_one_of_its_hosts_and_that_of_links()
    {
        await using var named = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_CONSOLE_URLS", "http://console.test:0"));
        var address = named.WebConsole!;
        Assert.Equal("console.test", address.Host);
        Assert.Equal(address.Authority, named.MintSignInLink().Authority);
        using var client = new ConsoleClient(new Uri($"http://127.0.0.1:{address.Port}/"));

        using var own = await client.SendAsync(HttpMethod.Get, "/sign-in", ("Host", address.Authority));
        using var other = await client.SendAsync(HttpMethod.Get, "/sign-in", ("Host", $"evil.test:{address.Port}"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.MisdirectedRequest), (own.StatusCode, other.StatusCode));
    }

    [Fact]
    public async Task If_only_the_port_is_another_the_refusal_says_so()
    {
        using var forwarded = await NewClient().SendAsync(HttpMethod.Get, "/", ("Host", "localhost:9001"));
        using var elsewhere = await NewClient().SendAsync(HttpMethod.Get, "/", ("Host", "evil.test:9001"));

        Assert.Contains($"docker -p {Address.Port}:{Address.Port}", await forwarded.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_HOSTS", await elsewhere.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8001", "localhost:8001", true)]
    [InlineData("http://127.0.0.1:8001", "[::1]:8001", true)]
    [InlineData("http://127.0.0.1:8001", "LOCALHOST:8001", true)]
    [InlineData("http://127.0.0.1:8001", "mymachine:8001", false)]
    [InlineData("http://127.0.0.1:8001", "", false)]
    [InlineData("http://127.0.0.1:80", "localhost", true)]
    [InlineData("http://*:8001", "10.1.2.3:8001", true)]
    [InlineData("http://*:8001", "mymachine:8001", true)]
    [InlineData("http://*:8001", "evil.test:8001", false)]
    [InlineData("http://*:8001", "console.example:8001", true)]
    [InlineData("http://*:8001", "a.lan.example:8001", true)]
    [InlineData("http://*:8001", "lan.example:8001", false)]
    [InlineData("https://127.0.0.1:8001", "localhost:8001", false)]
    public void The_hosts_of_an_address_are_known(string bound, string host, bool isOwn) =>
        Assert.Equal(isOwn, new ConsoleAddresses([bound], ["console.example", "*.lan.example"]).Include("http", new(host)));
}
