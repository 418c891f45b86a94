using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>Copies under their own keys in a bucket that is given versions: none is put there any more, and those that are go without a trace.</summary>
[Trait("Rule", "E4")]
public sealed class VersionedBucketTests
{
    private const string Enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";

    [Fact]
    public async Task None_is_put_there_from_then_on()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("before");
        scene.Store.Take = Versioning;
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket?versioning", Enabled)).Status);
        scene.Remote.Put("bucket", "after", "remote"u8.ToArray());
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/after")).Text);
        await scene.IdleAsync();
        Assert.DoesNotContain("PUT after", scene.Calls());
        Assert.Equal("HIT", (await scene.SendAsync("GET", "/bucket/after")).Headers["x-cache"]);
    }

    /// <summary>A delete without a version would leave a delete marker, which listings of versions show.</summary>
    [Theory, Trait("Rule", "V3")]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public async Task One_that_is_taken_away_leaves_no_marker(bool tellsVersion, bool isGivenHere)
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("k");
        scene.Store.Take = Versioning;
        var given = isGivenHere ? await scene.SendAsync("PUT", "/bucket?versioning", Enabled) : await scene.AskStoreAsync("PUT", "/bucket?versioning", Enabled);
        Assert.Equal(200, given.Status);
        scene.Store.Dress = context =>
        {
            if (tellsVersion && context.Request.Path == "/bucket/k" && context.Request.Method == "HEAD")
            {
                context.Response.Headers["x-amz-version-id"] = "null";
            }
        };
        Assert.Equal(200, (await scene.SendAsync("POST", "/-/v1/drop?bucket=bucket&key=k")).Status);
        await scene.IdleAsync();
        Assert.Equal("versionId=null", Assert.Single(scene.Store.Calls, call => call is { Method: "DELETE", Path: "/bucket/k" }).Query);
        Assert.Equal(404, (await scene.AskStoreAsync("HEAD", "/bucket/k")).Status);
    }

    /// <summary>A store whose buckets have versions now.</summary>
    private static Task? Versioning(HttpContext context) => !context.Request.Query.ContainsKey("versioning") ? null
        : context.Request.Method == "GET" ? context.Response.WriteAsync(Enabled)
        : Task.CompletedTask;
}
