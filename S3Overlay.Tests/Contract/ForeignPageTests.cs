using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>
/// What web pages may do to a proxy with the default keys or without authentication. They know everything that signing needs (rule A6).
/// </summary>
[Trait("Rule", "A6")]
public sealed class ForeignPageTests
{
    private static readonly (string, string) Page = ("Origin", "http://page.example");
    private static readonly (string, string)[] OwnKeys = [("S3_OVERLAY_ACCESS_KEY", "own"), ("S3_OVERLAY_SECRET_KEY", "own-secret")];

    [Theory]
    [InlineData("keys", "Origin", "http://page.example")]
    [InlineData("keys", "Origin", "null")]
    [InlineData("keys", "Origin", "http://127.0.0.1:1")]
    [InlineData("keys", "Sec-Fetch-Site", "cross-site")]
    [InlineData("none", "Origin", "http://page.example")]
    [InlineData("none", "Origin", "http://127.0.0.1:1")]
    [InlineData("none", "Sec-Fetch-Site", "cross-site")]
    public async Task A_foreign_page_does_not_write(string authentication, string header, string value)
    {
        await using var proxy = await StartAsync(("S3_OVERLAY_AUTH", authentication), ("S3_OVERLAY_CORS", "true"));
        var form = new UploadForm().With("key", "form").ToBytes();
        (string Method, string Target, byte[]? Body, (string, string)[] Headers)[] writes =
        [
            ("PUT", "/bucket/new", "new"u8.ToArray(), []),
            ("PUT", "/another", null, []),
            ("DELETE", "/bucket/k", null, []),
            ("POST", "/bucket", form, [UploadForm.ContentType]),
            ("POST", "/bucket?delete", "<Delete><Object><Key>k</Key></Object></Delete>"u8.ToArray(),
                [("Content-Type", "text/plain"), ("Content-MD5", "6ayrCbzDX9rb8iRPXDzKtw==")]),
            ("POST", "/bucket/k?uploads", null, [("Content-Type", "text/plain")]),
        ];
        foreach (var (method, target, body, headers) in writes)
        {
            var refused = await proxy.Http.SendAsync(method, target, body, [.. headers, (header, value)]);
            Assert.Equal((403, "AccessDenied"), (refused.Status, refused.Code));
            Assert.Contains("S3_OVERLAY_ACCESS_KEY", refused.Text, StringComparison.Ordinal);
        }

        Assert.Equal("value", (await proxy.SendAsync("GET", "/bucket/k", null, (header, value))).Text);
        foreach (var target in (string[])["/bucket/new", "/bucket/form", "/another"])
        {
            Assert.Equal(404, (await proxy.SendAsync("GET", target)).Status);
        }
    }

    [Fact]
    public async Task A_page_of_the_proxys_own_origin_writes()
    {
        await using var proxy = await StartAsync(("S3_OVERLAY_TRUSTED_PROXIES", "127.0.0.1"), ("S3_OVERLAY_AUTH", "none"),
            ("S3_OVERLAY_HOSTS", "s3.example.com"));
        var own = $"http://{proxy.Endpoint.Authority}";
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/a", "v", ("Origin", own), ("Sec-Fetch-Site", "same-origin"))).Status);

        // Behind a reverse proxy the page's origin is the host that the browser requested.
        Assert.Equal(
            200, (await proxy.SendAsync("PUT", "/bucket/b", "v", ("Origin", "https://s3.example.com"),
            ("X-Forwarded-Host", "s3.example.com"))).Status);
        Assert.Equal(403, (await proxy.SendAsync("PUT", "/bucket/c", "v", ("Origin", own), ("X-Forwarded-Host", "s3.example.com"))).Status);
    }

    [Fact]
    public async Task A_page_may_not_read_either_unless_it_is_allowed()
    {
        await using var proxy = await StartAsync();
        var read = await proxy.SendAsync("GET", "/bucket/k", null, Page);
        Assert.Equal((200, false), (read.Status, HasCors(read)));
        foreach (var method in (string[])["GET", "PUT"])
        {
            var preflight = await PreflightAsync(proxy, method);
            Assert.Equal((403, "AccessForbidden", false), (preflight.Status, preflight.Code, HasCors(preflight)));
        }
    }

    [Fact]
    public async Task A_page_that_is_allowed_only_reads()
    {
        await using var proxy = await StartAsync(("S3_OVERLAY_CORS", "true"));
        Assert.Equal("*", (await proxy.SendAsync("GET", "/bucket/k", null, Page)).Headers["Access-Control-Allow-Origin"]);
        var read = await PreflightAsync(proxy, "GET");
        Assert.Equal((204, "*", "GET, HEAD"),
            (read.Status, read.Headers["Access-Control-Allow-Origin"], read.Headers["Access-Control-Allow-Methods"]));
        Assert.DoesNotContain("Access-Control-Allow-Private-Network", read.Headers.Keys);
        var write = await PreflightAsync(proxy, "PUT");
        Assert.Equal((403, "AccessForbidden"), (write.Status, write.Code));
    }

    [Fact]
    public async Task With_keys_of_ones_own_pages_may_do_what_they_sign_for()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null, OwnKeys);
        var client = new SignedHttp(proxy.Endpoint, "own", "own-secret") { Host = "anything.example" };
        Assert.Equal(200, (await client.SendAsync("PUT", "/bucket", null, Page)).Status);
        var preflight = await PreflightAsync(proxy, "PUT");
        Assert.Equal((204, "true"), (preflight.Status, preflight.Headers["Access-Control-Allow-Private-Network"]));
        var unknown = await PreflightAsync(proxy, "PATCH");
        Assert.Equal((403, "AccessForbidden"), (unknown.Status, unknown.Code));
    }

    /// <summary>Many stores let every page read, and rely on the page having no key.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_store_grants_to_pages_is_withheld_too(bool isAllowed)
    {
        await using var store = await StoreServer.StartAsync(null, ("S3_OVERLAY_CORS", "true"), OwnKeys[0], OwnKeys[1]);
        store.Dress = context => context.Response.Headers["Access-Control-Allow-Private-Network"] = "true";
        (string, string)[] settings = isAllowed ? [("S3_OVERLAY_CORS", "true")] : [];
        await using var proxy = await OverlayHost.StartAsync(
            store.Endpoint, null, null, [("S3_OVERLAY_ACCESS_KEY", "minioadmin"), ("S3_OVERLAY_SECRET_KEY", "minioadmin"),
                ("S3_OVERLAY_LOCAL_ACCESS_KEY", "own"), ("S3_OVERLAY_LOCAL_SECRET_KEY", "own-secret"), .. settings]);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/k", "value")).Status);
        foreach (var response in (RawResponse[])[await proxy.SendAsync("GET", "/bucket/k", null, Page), await PreflightAsync(proxy, "GET")])
        {
            Assert.Equal(isAllowed, HasCors(response));
            Assert.DoesNotContain("Access-Control-Allow-Private-Network", response.Headers.Keys);
        }
    }

    [Theory]
    [InlineData("", 400, "BadRequest")]
    [InlineData("Origin", 400, "BadRequest")]
    [InlineData("Access-Control-Request-Method", 400, "BadRequest")]
    public async Task OPTIONS_that_is_no_preflight_is_refused(string only, int status, string code)
    {
        // https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html: both headers are required.
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null, OwnKeys);
        (string, string)[] headers = only switch { "" => [], "Origin" => [Page], _ => [(only, "GET")] };
        var response = await proxy.Http.SendUnsignedAsync("OPTIONS", "/bucket/k", null, headers);
        Assert.Equal((status, code), (response.Status, response.Code));
    }

    [Theory]
    [InlineData("page.example", false)]
    [InlineData("page.example:8000", false)]
    [InlineData("localhost.page.example", false)]
    [InlineData("127.0.0.1.page.example", false)]
    [InlineData("notlocalhost.", false)]
    [InlineData("s3.internal.example", true)]
    [InlineData("bucket.s3.internal.example:8000", true)]
    [InlineData("nots3.internal.example", false)]
    [InlineData("Named.Example:80", true)]
    [InlineData("under.named.example", false)]
    [InlineData("x.all.example", true)]
    [InlineData("all.example", false)]
    [InlineData("localhost:8000", true)]
    [InlineData("bucket.localhost", true)]
    [InlineData("container", true)]
    [InlineData("192.168.1.2:8000", true)]
    [InlineData("[::1]:8000", true)]
    [InlineData("[::ffff:10.0.0.1]", true)]
    public async Task Hosts_have_to_be_known(string host, bool isKnown)
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(
            null, ("S3_OVERLAY_DOMAIN", "s3.internal.example"), ("S3_OVERLAY_HOSTS", "named.example,*.all.example"),
            ("S3_OVERLAY_MANAGEMENT_URLS", "http://127.0.0.1:0"));
        var client = new SignedHttp(proxy.Endpoint) { Host = host };
        var put = await client.SendAsync("PUT", host.StartsWith("bucket.s3.", StringComparison.Ordinal) ? "/" : "/bucket");
        Assert.Equal(isKnown ? (200, "") : (403, "AccessDenied"), (put.Status, put.Code));
        Assert.Equal(isKnown, !put.Text.Contains("S3_OVERLAY_HOSTS", StringComparison.Ordinal));
        foreach (var (endpoint, page) in ((Uri, string)[])[(proxy.Endpoint, "/alive"), (proxy.Endpoint, "/metrics"),
            (proxy.Management!, "/alive"), (proxy.Management!, "/metrics")])
        {
            Assert.Equal(isKnown ? 200 : 403, (await new SignedHttp(endpoint) { Host = host }.SendUnsignedAsync("GET", page)).Status);
        }
    }

    private static async Task<OverlayHost> StartAsync(params (string Name, string Value)[] settings)
    {
        var proxy = await OverlayHost.StartEmbeddedAsync(null, settings);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/k", "value")).Status);
        return proxy;
    }

    private static Task<RawResponse> PreflightAsync(OverlayHost proxy, string method) => proxy.Http.SendUnsignedAsync(
        "OPTIONS", "/bucket/k", null, Page, ("Access-Control-Request-Method", method), ("Access-Control-Request-Private-Network", "true"));

    private static bool HasCors(RawResponse response) => response.Headers.Keys
        .Any(static name => name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
}
