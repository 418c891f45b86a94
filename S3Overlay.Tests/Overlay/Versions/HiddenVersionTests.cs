using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>A key that is deleted here hides all that the remote has of it (rules R2, V1).</summary>
[Trait("Rule", "V1")]
public sealed class HiddenVersionTests
{
    [Theory]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task Its_versions_are_not_read_copied_or_listed_by_their_ids_either(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "key", "bytes"u8.ToArray());
        Assert.Equal("bytes", (await scene.SendAsync("GET", "/bucket/key?versionId=v")).Text);
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/key")).Status);
        var asked = scene.Remote.Requests.Count;
        Assert.Equal((404, "NoSuchVersion"), await scene.SendAsync("GET", "/bucket/key?versionId=v") is var read ? (read.Status, read.Code)
            : default);
        Assert.Equal(404, (await scene.SendAsync("HEAD", "/bucket/key?versionId=v")).Status);
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/key?tagging&versionId=v")).Status);
        Assert.Equal(
            (404, "NoSuchVersion"), await scene.SendAsync("PUT", "/bucket/copy", null,
                ("x-amz-copy-source", "/bucket/key?versionId=v")) is var copied ? (copied.Status, copied.Code) : default);
        Assert.Equal(asked, scene.Remote.Requests.Count);
        Assert.DoesNotContain("<Key>key</Key>", (await scene.SendAsync("GET", "/bucket?versions")).Text, StringComparison.Ordinal);
    }
}
