using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>What a store answers when it is asked about a bucket in which copies are, and what becomes of a drop then.</summary>
[Trait("Rule", "E4")]
public sealed class PlacingBucketsTests
{
    [Theory, Trait("Rule", "T2")]
    [InlineData("<html><br></html>")]
    [InlineData("")]
    public async Task A_listing_that_has_to_drop_a_copy_is_503_where_that_is_no_document(string text)
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("k");
        scene.Remote.Put("bucket", "k", "newer"u8.ToArray());
        await using var fresh = await scene.AddProxyAsync();
        scene.Store.Take = context => context.Request.Query.ContainsKey("versioning") ? context.Response.WriteAsync(text) : null;
        Assert.Equal(503, (await fresh.SendAsync("GET", "/bucket?list-type=2")).Status);
        scene.Store.Take = null;
        Assert.Equal(200, (await fresh.SendAsync("GET", "/bucket?list-type=2")).Status);
        Assert.Equal(404, (await scene.AskStoreAsync("HEAD", "/bucket/k")).Status);
    }

    [Theory]
    [InlineData("object-lock", 403)]
    [InlineData("encryption", 500)]
    public async Task A_drop_asks_for_versions_alone(string refused, int status)
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("k");
        await using var fresh = await scene.AddProxyAsync();
        scene.Store.Refuse = request => request.Query.ContainsKey(refused) ? status : null;
        Assert.Equal(200, (await fresh.SendAsync("POST", "/-/v1/drop?bucket=bucket&key=k")).Status);
        Assert.Equal(404, (await scene.AskStoreAsync("HEAD", "/bucket/k")).Status);
        Assert.DoesNotContain(scene.Store.Calls, call => call.Query.StartsWith(refused, StringComparison.Ordinal));
    }
}
