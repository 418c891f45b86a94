using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Buckets;

/// <summary>
/// A bucket mapped to one that the remote does not have, or has only later. It exists under its name in the settings (rule B1), with
/// nothing below it.
/// </summary>
[Trait("Rule", "B1")]
public sealed class MissingRemoteBucketTests
{
    public static TheoryData<string> Layers => LayerScene.All;

    [Theory, MemberData(nameof(Layers))]
    public async Task It_is_an_empty_bucket_until_the_remote_has_one(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_BUCKET_MAPPING", "mine:theirs"));
        Assert.Equal(200, (await scene.SendAsync("HEAD", "/mine")).Status);
        Assert.Contains("<Name>mine</Name>", (await scene.SendAsync("GET", "/")).Text, StringComparison.Ordinal);
        Assert.Empty(await ListAsync(scene));
        var missing = await scene.SendAsync("GET", "/mine/key");
        Assert.Equal((404, "NoSuchKey"), (missing.Status, missing.Code));
        Assert.Equal(404, (await scene.SendAsync("HEAD", "/mine/key")).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/mine/own", "mine", ("If-None-Match", "*"))).Status);
        Assert.Equal(["own"], await ListAsync(scene));

        scene.Remote.Put("theirs", "key", "remote"u8.ToArray());
        Assert.Equal("remote", (await scene.SendAsync("GET", "/mine/key")).Text);
        Assert.Equal(["key", "own"], await ListAsync(scene));
    }

    [Theory, MemberData(nameof(Layers)), Trait("Rule", "B4")]
    public async Task Its_tombstone_hides_what_the_remote_gets_later_until_it_is_undeleted(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_BUCKET_MAPPING", "mine:theirs"));
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/mine")).Status);
        scene.Remote.Put("theirs", "key", "remote"u8.ToArray());
        Assert.Equal((404, "NoSuchBucket"), await CodeAsync(scene, "/mine?list-type=2"));
        Assert.Equal((404, "NoSuchBucket"), await CodeAsync(scene, "/mine/key"));
        Assert.Equal(200, (await scene.SendAsync("PUT", "/mine")).Status);
        Assert.Empty(await ListAsync(scene));
        Assert.Equal((404, "NoSuchKey"), await CodeAsync(scene, "/mine/key"));
        Assert.Equal(200, (await scene.SendAsync("POST", "/-/v1/discard?bucket=mine")).Status);
        Assert.Equal(["key"], await ListAsync(scene));
    }

    private static async Task<(int Status, string? Code)> CodeAsync(LayerScene scene, string target)
    {
        var response = await scene.SendAsync("GET", target);
        return (response.Status, response.Code);
    }

    private static async Task<string[]> ListAsync(LayerScene scene)
    {
        var response = await scene.SendAsync("GET", "/mine?list-type=2");
        Assert.True(response.Status == 200, response.Text);
        return [.. System.Xml.Linq.XElement.Parse(response.Text).Descendants().Where(static element => element.Name.LocalName == "Key")
            .Select(static element => element.Value)];
    }
}
