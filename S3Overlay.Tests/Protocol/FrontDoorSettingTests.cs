using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Protocol;

/// <summary>What the settings of the front door change, as clients see it.</summary>
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

    [Theory, Trait("Rule", "A1")]
    [InlineData("us-east-1", 200, "")]
    [InlineData("eu-west-3", 400, "AuthorizationHeaderMalformed")]
    public async Task Signatures_are_for_the_one_region_that_is_named(string region, int status, string code)
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_REGION", region));

        // Signed for us-east-1.
        var answer = await proxy.SendAsync("GET", "/");
        Assert.Equal((status, code), (answer.Status, answer.Code));
    }
}
