using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Websites;

/// <summary>What of a request to a website counts, and how large a website's configuration may be.</summary>
[Trait("Rule", "A7")]
public sealed class WebsiteRequestTests : IAsyncLifetime
{
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_WEBSITE_DOMAIN", "web.localhost"));
        await ExpectAsync(200, "PUT", "/site");
        await ExpectAsync(204, "DELETE", "/site?publicAccessBlock");
        await ExpectAsync(200, "PUT", "/site?website", Website("<IndexDocument><Suffix>index.html</Suffix></IndexDocument>"));
        await ExpectAsync(200, "PUT", "/site/index.html", "root");
    }

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    [Theory]
    [InlineData("StringLike", "aws:UserAgent", "*bot*", "User-Agent", "a bot/1", "a browser/1")]
    [InlineData("StringLike", "aws:Referer", "http://thief/*", "Referer", "http://thief/page", "http://friend/page")]
    [InlineData("StringNotLike", "aws:Referer", "http://friend/*", "Referer", "http://thief/page", "http://friend/page")]
    public async Task A_policy_sees_who_asks_and_from_which_page(
        string condition, string key, string value, string header, string denied, string allowed)
    {
        await OpenAsync($$$"""
            ,{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::site/*",
              "Condition":{"{{{condition}}}":{"{{{key}}}":"{{{value}}}"} } }
            """);
        Assert.Equal(403, (await GetAsync("/", (header, denied))).Status);
        Assert.Equal(403, (await GetAsync("/index.html", (header, denied))).Status);
        Assert.Equal("root", (await GetAsync("/", (header, allowed))).Text);
    }

    [Theory]
    [InlineData("/index.html?discount=100%")]
    [InlineData("/?%zz&versionId=&partNumber=x&acl")]
    public async Task The_query_is_ignored_whatever_it_is(string target)
    {
        await OpenAsync();
        var page = await GetAsync(target);
        Assert.Equal((200, "root"), (page.Status, page.Text));
    }

    [Theory]
    [InlineData("<IndexDocument><Suffix>TEXT</Suffix></IndexDocument>")]
    [InlineData("<IndexDocument><Suffix>i</Suffix></IndexDocument><ErrorDocument><Key>TEXT</Key></ErrorDocument>")]
    [InlineData("<IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules><RoutingRule><Condition><KeyPrefixEquals>TEXT"
        + "</KeyPrefixEquals></Condition><Redirect><ReplaceKeyWith>k</ReplaceKeyWith></Redirect></RoutingRule></RoutingRules>")]
    [InlineData("<IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules><RoutingRule><Redirect><ReplaceKeyWith>TEXT"
        + "</ReplaceKeyWith></Redirect></RoutingRule></RoutingRules>")]
    [InlineData("<IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules><RoutingRule><Redirect><ReplaceKeyPrefixWith>TEXT"
        + "</ReplaceKeyPrefixWith></Redirect></RoutingRule></RoutingRules>")]
    public async Task No_text_of_a_configuration_is_longer_than_a_key(string document)
    {
        await ExpectAsync(200, "PUT", "/site?website", Website(Fill(1024)));
        Assert.Equal("KeyTooLongError", (await ExpectAsync(400, "PUT", "/site?website", Website(Fill(1025)))).Code);

        string Fill(int length) => document.Replace("TEXT", new string('k', length), StringComparison.Ordinal);
    }

    /// <summary>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html</summary>
    [Fact]
    public async Task A_configuration_has_at_most_128_KiB()
    {
        const string Document = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>";
        var room = (128 << 10) - Website(Document).Length;
        await ExpectAsync(200, "PUT", "/site?website", Website(new string(' ', room) + Document));
        var refused = await ExpectAsync(400, "PUT", "/site?website", Website(new string(' ', room + 1) + Document));
        Assert.Equal("MalformedXML", refused.Code);
    }

    private static string Website(string document) => $"<WebsiteConfiguration>{document}</WebsiteConfiguration>";

    private Task<RawResponse> OpenAsync(string more = "") => ExpectAsync(204, "PUT", "/site?policy",
        $$"""
        {"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::site/*"}{{more}}]}
        """);

    private Task<RawResponse> GetAsync(string target, params (string, string)[] headers) =>
        new SignedHttp(_proxy.Endpoint) { Host = $"site.web.localhost:{_proxy.Endpoint.Port}" }
            .SendUnsignedAsync("GET", target, null, headers);

    private async Task<RawResponse> ExpectAsync(int status, string method, string target, string? body = null)
    {
        var response = await _proxy.Http.SendAsync(method, target, body is null ? null : Encoding.UTF8.GetBytes(body));
        Assert.True(response.Status == status, $"{method} {target}: {response.Status} {response.Text}");
        return response;
    }
}
