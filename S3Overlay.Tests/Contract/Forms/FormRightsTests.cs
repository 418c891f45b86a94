using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Forms;

/// <summary>Which forms may write which keys (rules A2, A3).</summary>
public sealed class FormRightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Rule", "A2")]
    public async Task A_form_may_write_what_the_key_that_signed_it_may()
    {
        await File.WriteAllTextAsync(
            _folder["keys.json"],
            """
            [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "write" } },
              { "accessKey": "visitor", "secretKey": "secret", "rights": { "photos": "read", "photos/inbox/*": "write" } } ]
            """);
        await using var proxy = await ProxyProcess.StartAsync(_folder["data"], ("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]));
        var http = new SignedHttp(proxy.Endpoint);
        Assert.Equal(200, (await http.SendAsync("PUT", "/photos")).Status);
        Task<RawResponse> Post(string key) => new UploadForm("visitor", "secret").With("key", key)
            .SignedV2("""{"expiration": "2999-01-01T00:00:00Z", "conditions": [{"bucket": "photos"}, ["starts-with", "$key", ""]]}""")
            .SendAsync(http, "/photos");
        Assert.Equal(204, (await Post("inbox/${filename}")).Status);
        var refused = await Post("elsewhere/${filename}");
        Assert.Equal((403, "AccessDenied"), (refused.Status, refused.Code));
        Assert.Equal("bar", (await http.SendAsync("GET", "/photos/inbox/foo.txt")).Text);
        Assert.Equal(404, (await http.SendAsync("GET", "/photos/elsewhere/foo.txt")).Status);
    }

    [Fact]
    [Trait("Rule", "A3")]
    public async Task Without_authentication_forms_need_no_policy()
    {
        // anonymous_request, tags_anonymous_request, set_success_code, set_invalid_success_code of ceph/s3-tests
        await using var proxy = await ProxyProcess.StartAsync(_folder["data"], ("S3_OVERLAY_AUTH", "none"));
        var http = new SignedHttp(proxy.Endpoint);
        Assert.Equal(200, (await http.SendUnsignedAsync("PUT", "/public-bucket")).Status);
        UploadForm Form() => new UploadForm().With("key", "foo.txt").With("acl", "private").With("Content-Type", "text/plain")
            .With("tagging",
                "<Tagging><TagSet><Tag><Key>0</Key><Value>0</Value></Tag><Tag><Key>1</Key><Value>1</Value></Tag></TagSet></Tagging>");
        Assert.Equal(204, (await Form().SendAsync(http, "/public-bucket")).Status);
        Assert.Equal("bar", (await http.SendUnsignedAsync("GET", "/public-bucket/foo.txt")).Text);
        Assert.Contains("<Key>1</Key><Value>1</Value>", (await http.SendUnsignedAsync("GET", "/public-bucket/foo.txt?tagging")).Text,
            StringComparison.Ordinal);
        Assert.Equal(201, (await Form().With("success_action_status", "201").SendAsync(http, "/public-bucket")).Status);
        Assert.Equal(204, (await Form().With("success_action_status", "404").SendAsync(http, "/public-bucket")).Status);
        Assert.Equal("MalformedXML", (await Form().Without("tagging").With("tagging", "<Tagging>").SendAsync(http, "/public-bucket")).Code);

        // One that is sent still says what its author wants taken.
        var expired =
            await Form().SignedV2("""{"expiration": "2001-01-01T00:00:00Z", "conditions": []}""").SendAsync(http, "/public-bucket");
        Assert.Equal((403, "AccessDenied"), (expired.Status, expired.Code));
    }
}
