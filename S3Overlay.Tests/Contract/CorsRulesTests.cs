using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>The CORS rules of a bucket in the built-in store.</summary>
[Trait("Rule", "A6")]
public sealed class CorsRulesTests : IAsyncLifetime
{
    private const string Rules = """
        <CORSConfiguration>
          <CORSRule><ID>first</ID><AllowedOrigin>https://*.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>
            <AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader>
            <MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>
          <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod></CORSRule>
        </CORSConfiguration>
        """;

    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;
    private SignedHttp _client = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("photos", "theirs", "remote"u8.ToArray());
        _proxy = await OverlayHost.StartEmbeddedAsync(
            _remote.Endpoint, ("S3_OVERLAY_ACCESS_KEY", "own"), ("S3_OVERLAY_SECRET_KEY", "own-secret"));
        _client = new SignedHttp(_proxy.Endpoint, "own", "own-secret");
        await SendAsync("PUT", "/local");
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Theory]
    [InlineData("local")]
    [InlineData("photos")]
    public async Task They_decide_in_place_of_the_setting_until_they_are_deleted(string bucket)
    {
        Assert.Equal("*", await OriginAsync("GET", $"/{bucket}/k", "https://other"));
        Assert.Equal(404, (await SendAsync("GET", $"/{bucket}?cors")).Status);
        Assert.Equal(200, (await SendAsync("PUT", $"/{bucket}?cors", Rules)).Status);
        var shown = (await SendAsync("GET", $"/{bucket}?cors")).Text;
        Assert.Contains("<ID>first</ID><AllowedOrigin>https://*.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>", shown,
            StringComparison.Ordinal);

        Assert.Equal("https://a.example", await OriginAsync("GET", $"/{bucket}/k", "https://a.example"));
        Assert.Null(await OriginAsync("GET", $"/{bucket}/k", "https://a.example.com"));
        Assert.Null(await OriginAsync("GET", $"/{bucket}/k", "https://other"));
        Assert.Equal("*", await OriginAsync("HEAD", $"/{bucket}/k", "https://other"));

        Assert.Equal(204, (await SendAsync("DELETE", $"/{bucket}?cors")).Status);
        Assert.Equal("*", await OriginAsync("GET", $"/{bucket}/k", "https://other"));
        Assert.Equal(0, _remote.Requests.Count(static request => request.Method is "PUT" or "POST" or "DELETE"));
    }

    [Fact]
    public async Task A_preflight_gets_what_its_rule_allows()
    {
        await SendAsync("PUT", "/local?cors", Rules);
        var allowed = await PreflightAsync("https://a.example", "PUT", "X-Amz-Date, x-amz-meta-a");
        Assert.Equal(
            (200, "https://a.example", "GET, PUT", "x-amz-date, x-amz-meta-a", "60", "ETag", "true"),
            (allowed.Status, allowed.Headers["Access-Control-Allow-Origin"], allowed.Headers["Access-Control-Allow-Methods"],
                allowed.Headers["Access-Control-Allow-Headers"], allowed.Headers["Access-Control-Max-Age"],
                allowed.Headers["Access-Control-Expose-Headers"], allowed.Headers["Access-Control-Allow-Credentials"]));
        Assert.Contains("Origin", allowed.Headers["Vary"], StringComparison.Ordinal);
        Assert.False((await PreflightAsync("https://other", "HEAD", "")).Headers.ContainsKey("Access-Control-Allow-Credentials"));
        (string, string, string)[] refused =
        [
            ("https://other", "PUT", ""), ("https://a.example", "DELETE", ""), ("https://a.example", "PUT", "Authorization"),
            ("http://a.example", "GET", ""),
        ];
        foreach (var (origin, method, headers) in refused)
        {
            var response = await PreflightAsync(origin, method, headers);
            Assert.Equal((403, false), (response.Status, response.Headers.ContainsKey("Access-Control-Allow-Origin")));
            Assert.Contains("<Code>AccessForbidden</Code>", response.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("InvalidRequest", "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PATCH</AllowedMethod></CORSRule>")]
    [InlineData("InvalidRequest", "<CORSRule><AllowedOrigin>*.*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>")]
    [InlineData("InvalidRequest",
        "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedHeader>*a*</AllowedHeader></CORSRule>")]
    [InlineData("InvalidRequest",
        "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><ExposeHeader>*</ExposeHeader></CORSRule>")]
    [InlineData("MalformedXML", "<CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>")]
    [InlineData("MalformedXML", "<CORSRule><AllowedOrigin>*</AllowedOrigin></CORSRule>")]
    [InlineData("MalformedXML",
        "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><MaxAgeSeconds>a</MaxAgeSeconds></CORSRule>")]
    [InlineData("MalformedXML",
        "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><ExposeHeader>a&#10;b</ExposeHeader></CORSRule>")]
    [InlineData("MalformedXML", "")]
    public async Task Invalid_ones_are_refused(string error, string rules)
    {
        var response = await SendAsync("PUT", "/local?cors", $"<CORSConfiguration>{rules}</CORSConfiguration>");
        Assert.Equal(400, response.Status);
        Assert.Contains($"<Code>{error}</Code>", response.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await SendAsync("GET", "/local?cors")).Status);
    }

    [Fact]
    public async Task With_the_default_keys_they_open_nothing()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null);
        await proxy.SendAsync("PUT", "/local");
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/local?cors", Rules)).Status);
        var read = await proxy.SendAsync("GET", "/local/k", "", ("Origin", "https://a.example"));
        Assert.False(read.Headers.ContainsKey("Access-Control-Allow-Origin"));
        var preflight = await proxy.Http.SendUnsignedAsync(
            "OPTIONS", "/local/k", null, ("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET"));
        Assert.Equal(403, preflight.Status);
    }

    private Task<RawResponse> SendAsync(string method, string target, string body = "", params (string, string)[] headers) =>
        _client.SendAsync(method, target, Encoding.UTF8.GetBytes(body), headers);

    private async Task<string?> OriginAsync(string method, string path, string origin) =>
        (await SendAsync(method, path, "", ("Origin", origin))).Headers.GetValueOrDefault("Access-Control-Allow-Origin");

    private Task<RawResponse> PreflightAsync(string origin, string method, string headers) => _proxy.Http.SendUnsignedAsync(
        "OPTIONS", "/local/k", null,
        [
            ("Origin", origin), ("Access-Control-Request-Method", method),
            .. headers.Length == 0 ? Array.Empty<(string, string)>() : [("Access-Control-Request-Headers", headers)],
        ]);
}
