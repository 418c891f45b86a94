using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Protocol;

/// <summary>What the settings of the front door change for clients.</summary>
public sealed class FrontDoorSettingTests
{
    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Pages_of_other_origins_may_read_where_they_are_to(string setting)
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_CORS", setting));
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        var page = await proxy.SendAsync("GET", "/bucket", null, ("Origin", "https://page.example"));
        Assert.Equal((200, setting == "true"), (page.Status, page.Headers.ContainsKey("Access-Control-Allow-Origin")));
    }

    /// <summary>
    /// AuthorizationHeaderMalformed, with the region to use: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. SDKs read
    /// it from the document, and from the header if there is none.
    /// </summary>
    [Theory, Trait("Rule", "A1")]
    [InlineData("us-east-1", 200, "")]
    [InlineData("eu-west-3", 400, "AuthorizationHeaderMalformed")]
    public async Task Signatures_are_for_the_one_region_that_is_named(string region, int status, string code)
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_REGION", region));

        // Signed for us-east-1.
        var response = await proxy.SendAsync("GET", "/");
        Assert.Equal((status, code), (response.Status, response.Code));
        var head = await proxy.SendAsync("HEAD", "/none");
        Assert.Equal(status == 200 ? 404 : 400, head.Status);
        if (status == 400)
        {
            Assert.Contains($"<Region>{region}</Region>", response.Text, StringComparison.Ordinal);
            Assert.Equal((region, region), (response.Headers["x-amz-bucket-region"], head.Headers["x-amz-bucket-region"]));
        }
    }

    /// <summary>Links: AuthorizationQueryParametersError. Forms: InvalidArgument.</summary>
    [Fact, Trait("Rule", "A1")]
    public async Task Links_and_forms_for_another_region_learn_which_one_to_use()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_REGION", "eu-west-3"));
        var now = DateTimeOffset.UtcNow;
        var query = new RequestSigner(new SigningCredentials("minioadmin", "minioadmin"), "us-east-1")
            .Presign("GET", proxy.Endpoint.Authority, "/bucket/k", "", [], now, TimeSpan.FromHours(1));
        var link = await proxy.Http.SendUnsignedAsync("GET", "/bucket/k?" + query);
        Assert.Equal((400, "AuthorizationQueryParametersError"), (link.Status, link.Code));
        Assert.Contains("<Region>eu-west-3</Region>", link.Text, StringComparison.Ordinal);

        var policy =
            $$"""{"expiration": "{{now.AddHours(1):yyyy-MM-dd'T'HH:mm:ss.fff'Z'}}", "conditions": [{"bucket": "bucket"}, {"key": "k"}, """
            + """["starts-with", "$x-amz-credential", ""], ["starts-with", "$x-amz-date", ""], """
            + """["starts-with", "$x-amz-algorithm", ""]]}""";
        var form = await new UploadForm().With("key", "k").SignedV4(policy, now).SendAsync(proxy.Http, "/bucket");
        Assert.Equal((400, "InvalidArgument"), (form.Status, form.Code));
        Assert.Contains("<Region>eu-west-3</Region>", form.Text, StringComparison.Ordinal);
    }
}
