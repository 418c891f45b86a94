using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Websites;

/// <summary>Buckets answer as websites on hosts of their own, with what everybody may read.</summary>
[Trait("Rule", "A7")]
public sealed class WebsiteTests : IAsyncLifetime
{
    private const string Simple = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>";

    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("over", "theirs", "remote"u8.ToArray());
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_WEBSITE_DOMAIN", "web.localhost"),
            ("S3_OVERLAY_BUCKET_MAPPING", "over:over"), ("S3_OVERLAY_UNMAPPED", "deny"));
        await MakeAsync("site", lists: true);
        (string Key, string Text)[] objects = [("index.html", "root"), ("docs/index.html", "docs"), ("page", "page"), ("404.html", "lost")];
        foreach (var (key, text) in objects)
        {
            await ExpectAsync(200, "PUT", "/site/" + key, text, ("Content-Type", "text/html"));
        }
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task Folders_have_an_index_document()
    {
        await ExpectAsync(200, "PUT", "/site?website", Simple);
        Assert.Equal("root", (await GetAsync(200, "/")).Text);
        var page = await GetAsync(200, "/docs/?x=y");
        Assert.Equal(("docs", "text/html"), (page.Text, page.Headers["Content-Type"]));
        Assert.Equal("page", (await GetAsync(200, "/page")).Text);
        Assert.Equal($"http://{Host("site")}/docs/", (await GetAsync(302, "/docs")).Headers["Location"]);
        Assert.Equal("oo", (await GetAsync(206, "/", ("Range", "bytes=1-2"))).Text);
        await GetAsync(304, "/docs/", ("If-None-Match", page.Headers["ETag"]));
        var head = await SendAsync("HEAD", "site", "/");
        Assert.Equal((200, "4"), (head.Status, head.Headers["Content-Length"]));
    }

    [Fact]
    public async Task Errors_are_pages_that_cannot_be_injected()
    {
        Assert.Contains("<li>Code: NoSuchWebsiteConfiguration</li>", (await GetAsync(404, "/")).Text, StringComparison.Ordinal);
        Assert.Contains("<li>Code: NoSuchBucket</li>", (await SendAsync("GET", "nowhere", "/")).Text, StringComparison.Ordinal);
        await ExpectAsync(200, "PUT", "/site?website", Simple);
        var missing = await GetAsync(404, "/%3Cscript%3E");
        Assert.Equal("text/html; charset=utf-8", missing.Headers["Content-Type"]);
        Assert.Contains("<li>Key: &lt;script&gt;</li>", missing.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", missing.Text, StringComparison.Ordinal);
        foreach (var method in (string[])["PUT", "POST", "DELETE"])
        {
            Assert.Contains("MethodNotAllowed", (await SendAsync(method, "site", "/page")).Text, StringComparison.Ordinal);
        }

        Assert.Equal("page", (await GetAsync(200, "/page")).Text);
    }

    [Fact]
    public async Task An_error_document_keeps_the_errors_status()
    {
        await ExpectAsync(200, "PUT", "/site?website", Simple.Replace("</IndexDocument>",
            "</IndexDocument><ErrorDocument><Key>404.html</Key></ErrorDocument>", StringComparison.Ordinal));
        var lost = await GetAsync(404, "/nowhere", ("Range", "bytes=0-0"));
        Assert.Equal(("lost", "NoSuchKey"), (lost.Text, lost.Headers["x-amz-error-code"]));
        await ExpectAsync(204, "DELETE", "/site/404.html");
        Assert.Contains("An Error Occurred While Attempting to Retrieve a Custom Error Document", (await GetAsync(404, "/nowhere")).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_for_everybody_is_not_shown()
    {
        await MakeAsync("quiet", lists: false);
        await ExpectAsync(200, "PUT", "/quiet?website", Simple);
        await ExpectAsync(200, "PUT", "/quiet/page", "page");
        Assert.Equal(200, (await SendAsync("GET", "quiet", "/page")).Status);
        Assert.Equal(403, (await SendAsync("GET", "quiet", "/missing")).Status);
        await ExpectAsync(204, "DELETE", "/quiet?policy");
        Assert.Equal(403, (await SendAsync("GET", "quiet", "/page")).Status);

        // A signature changes nothing, and neither does the API's query.
        Assert.Equal(403, (await At("quiet").SendAsync("GET", "/page")).Status);
        await ExpectAsync(200, "PUT", "/site?website", Simple);
        Assert.DoesNotContain("ListBucketResult", (await GetAsync(200, "/?list-type=2")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remote_owned_objects_stay_closed()
    {
        await MakeAsync("over", lists: true);
        await ExpectAsync(200, "PUT", "/over?website", Simple);
        await ExpectAsync(200, "PUT", "/over/ours", "written");
        Assert.Equal("written", (await SendAsync("GET", "over", "/ours")).Text);
        var theirs = await SendAsync("GET", "over", "/theirs");
        Assert.InRange(theirs.Status, 403, 404);
        Assert.DoesNotContain("remote", theirs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_follow_rules_and_objects()
    {
        const string Rules = """
            <RoutingRules>
            <RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition>
              <Redirect><ReplaceKeyPrefixWith>docs/</ReplaceKeyPrefixWith></Redirect></RoutingRule>
            <RoutingRule><Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals><KeyPrefixEquals>gone</KeyPrefixEquals>
              </Condition><Redirect><Protocol>https</Protocol><HostName>example.com</HostName><ReplaceKeyWith>e.html</ReplaceKeyWith>
              <HttpRedirectCode>307</HttpRedirectCode></Redirect></RoutingRule>
            </RoutingRules>
            """;
        await ExpectAsync(200, "PUT", "/site?website",
            Simple.Replace("</IndexDocument>", "</IndexDocument>" + Rules, StringComparison.Ordinal));
        Assert.Equal($"http://{Host("site")}/docs/a%0D%0Ab", (await GetAsync(301, "/old/a%0D%0Ab")).Headers["Location"]);
        Assert.Equal("https://example.com/e.html", (await GetAsync(307, "/gone")).Headers["Location"]);
        await GetAsync(404, "/missing");
        await ExpectAsync(200, "PUT", "/site/moved", "", ("x-amz-website-redirect-location", "/page"));
        Assert.Equal("/page", (await GetAsync(301, "/moved")).Headers["Location"]);

        await ExpectAsync(200, "PUT", "/site?website", "<WebsiteConfiguration><RedirectAllRequestsTo><HostName>example.org</HostName>"
            + "</RedirectAllRequestsTo></WebsiteConfiguration>");
        Assert.Equal("http://example.org/docs/x", (await GetAsync(301, "/docs/x")).Headers["Location"]);
        await ExpectAsync(204, "DELETE", "/site?website");
        Assert.Equal("NoSuchWebsiteConfiguration", (await ExpectAsync(404, "GET", "/site?website")).Code);
    }

    [Fact]
    public async Task A_website_has_its_own_robots_and_no_metrics()
    {
        await ExpectAsync(200, "PUT", "/site?website", Simple);
        await ExpectAsync(200, "PUT", "/site/robots.txt", "mine");
        Assert.Equal("mine", (await GetAsync(200, "/robots.txt")).Text);
        await GetAsync(404, "/metrics");
        await GetAsync(404, "/health");
    }

    [Theory]
    [InlineData("<IndexDocument><Suffix>a/b</Suffix></IndexDocument>", "InvalidArgument")]
    [InlineData("<IndexDocument><Suffix/></IndexDocument>", "InvalidArgument")]
    [InlineData("<ErrorDocument><Key>e</Key></ErrorDocument>", "InvalidArgument")]
    [InlineData("<IndexDocument><Suffix>i</Suffix></IndexDocument><RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>",
        "InvalidRequest")]
    [InlineData("<RedirectAllRequestsTo><HostName>h&#10;x</HostName></RedirectAllRequestsTo>", "InvalidRequest")]
    [InlineData("<RedirectAllRequestsTo><HostName>h</HostName><Protocol>javascript</Protocol></RedirectAllRequestsTo>", "InvalidRequest")]
    [InlineData("<IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules><RoutingRule><Redirect><HttpRedirectCode>200"
        + "</HttpRedirectCode></Redirect></RoutingRule></RoutingRules>", "InvalidRequest")]
    [InlineData("<IndexDocument><Suffix>i</Suffix></IndexDocument><Unknown/>", "MalformedXML")]
    public async Task What_is_not_well_formed_is_refused(string document, string code) => Assert.Equal(
        code,
        (await ExpectAsync(400, "PUT", "/site?website", $"<WebsiteConfiguration>{document}</WebsiteConfiguration>")).Code);

    private string Host(string bucket) => $"{bucket}.web.localhost:{_proxy.Endpoint.Port}";

    private async Task MakeAsync(string bucket, bool lists)
    {
        await ExpectAsync(200, "PUT", "/" + bucket);
        await ExpectAsync(204, "DELETE", $"/{bucket}?publicAccessBlock");
        var more = lists ? ",\"s3:ListBucket\"" : "";
        await ExpectAsync(204, "PUT", $"/{bucket}?policy",
            $$"""
            {"Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"{{more}}],
              "Resource":["arn:aws:s3:::{{bucket}}","arn:aws:s3:::{{bucket}}/*"]}]}
            """);
    }

    private SignedHttp At(string bucket) => new(_proxy.Endpoint, "minioadmin", "minioadmin") { Host = Host(bucket) };

    private Task<RawResponse> SendAsync(string method, string bucket, string target, params (string, string)[] headers) =>
        At(bucket).SendUnsignedAsync(method, target, null, headers);

    private async Task<RawResponse> GetAsync(int status, string target, params (string, string)[] headers)
    {
        var response = await SendAsync("GET", "site", target, headers);
        Assert.True(response.Status == status, $"{target}: {response.Status} {response.Text}");
        return response;
    }

    private async Task<RawResponse> ExpectAsync(
        int status, string method, string target, string? body = null, params (string, string)[] headers)
    {
        var response = await _proxy.Http.SendAsync(method, target, body is null ? null : Encoding.UTF8.GetBytes(body), headers);
        Assert.True(response.Status == status, $"{method} {target}: {response.Status} {response.Text}");
        return response;
    }
}
