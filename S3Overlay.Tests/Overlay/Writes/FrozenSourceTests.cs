using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>Copies and copy-ups of a frozen entry request only the tags from the remote (rules S1, W4, W5).</summary>
[Trait("Rule", "S1")]
public sealed class FrozenSourceTests
{
    [Theory, Trait("Rule", "W5"), Trait("Rule", "W4")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task Tags_of_an_object_that_the_remote_has_lost_are_503_and_the_entry_stays(string layer)
    {
        await using var scene = await HoldAsync(layer);
        scene.Remote.Remove("bucket", "key");
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(
                (503, "RemoteChanged"), Error(await scene.SendAsync("PUT", "/bucket/key?tagging", "<Tagging><TagSet/></Tagging>")));
            Assert.Equal((503, "RemoteChanged"), Error(await CopyAsync(scene)));
            var held = await scene.SendAsync("GET", "/bucket/key");
            Assert.Equal(("held", "HIT"), (held.Text, held.Headers["x-cache"]));
        }

        // A client that gives tags of its own needs nothing of the remote.
        Assert.Equal(200, (await CopyAsync(scene, ("x-amz-tagging-directive", "REPLACE"))).Status);
        Assert.Equal("held", (await scene.SendAsync("GET", "/bucket/copy")).Text);
    }

    [Theory, Trait("Rule", "W4")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task An_object_that_lost_its_tags_is_copied_without_them_and_stays_cached(string layer)
    {
        await using var scene = await HoldAsync(layer);
        scene.Remote.Script = async (request, context) =>
        {
            if (request.RawQuery != "tagging")
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 404, "NoSuchTagSet");
            return ScriptedOutcome.Answered;
        };
        Assert.Equal(200, (await CopyAsync(scene)).Status);
        scene.Remote.Remove("bucket", "key");
        var held = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal(("held", "HIT"), (held.Text, held.Headers["x-cache"]));
    }

    /// <summary>As for a read, wherever the gap is: an immediate retry would get the same response.</summary>
    [Theory, Trait("Rule", "W4")]
    [InlineData("embedded", "bytes=0-9")]
    [InlineData("embedded", "bytes=-10")]
    [InlineData("store", "bytes=0-9")]
    public async Task A_missing_byte_of_a_changed_object_is_503_RemoteChanged(string layer, string held)
    {
        await using var scene = await LayerScene.StartAsync(
            layer, ("S3_OVERLAY_REVALIDATE", "frozen"), ("S3_OVERLAY_CHUNK_THRESHOLD", "64KiB"), ("S3_OVERLAY_CHUNK_SIZE", "64KiB"),
            ("S3_OVERLAY_READ_AHEAD_BYTES", "0"));
        scene.Remote.Put("bucket", "key", new byte[300_000]);
        Assert.Equal(206, (await scene.SendAsync("GET", "/bucket/key", null, ("Range", held))).Status);
        await scene.Proxy.WhenIdleAsync();
        scene.Remote.Put("bucket", "key", new byte[200_000]);
        Assert.Equal((503, "RemoteChanged"), Error(await CopyAsync(scene, ("x-amz-tagging-directive", "REPLACE"))));
        Assert.Equal(206, (await scene.SendAsync("GET", "/bucket/key", null, ("Range", held))).Status);
    }

    private static async Task<LayerScene> HoldAsync(string layer)
    {
        var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REVALIDATE", "frozen"));
        scene.Remote.Put("bucket", "other", [1]);
        scene.Remote.Put("bucket", "key", "held"u8.ToArray(), ("x-amz-tagging-count", "1"));
        Assert.Equal("held", (await scene.SendAsync("GET", "/bucket/key")).Text);
        await scene.Proxy.WhenIdleAsync();
        return scene;
    }

    private static Task<RawResponse> CopyAsync(LayerScene scene, params (string Name, string Value)[] headers) =>
        scene.SendAsync("PUT", "/bucket/copy", null, [("x-amz-copy-source", "/bucket/key"), .. headers]);

    private static (int Status, string Code) Error(RawResponse response) => (response.Status, response.Code);
}
