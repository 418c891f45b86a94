using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// The first chunk of an object is cached, and the remote changes, loses or fails to return the object. A read of the whole object fails
/// before the first byte, not in the middle (rule R7).
/// </summary>
[Trait("Rule", "R7")]
public sealed class PartlyCachedChangeTests
{
    private const int Chunk = 1 << 20;

    public static TheoryData<string> Layers => LayerScene.All;

    [Theory, MemberData(nameof(Layers))]
    public async Task The_new_version_is_sent_whole(string layer)
    {
        await using var scene = await StartAsync(layer);
        var newer = Bytes(3);
        scene.Remote.Put("bucket", "key", newer);
        var read = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal(200, read.Status);
        Assert.Equal(newer, read.Body);
    }

    [Theory, MemberData(nameof(Layers))]
    public async Task One_that_is_lost_is_not_there(string layer)
    {
        await using var scene = await StartAsync(layer);
        scene.Remote.Script = async (request, context) =>
        {
            if (request.Key.Length == 0)
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 404, "NoSuchKey");
            return ScriptedOutcome.Answered;
        };
        var read = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal((404, "NoSuchKey"), (read.Status, read.Code));
    }

    [Theory, MemberData(nameof(Layers)), Trait("Rule", "F")]
    public async Task One_that_the_remote_does_not_give_now_is_a_503(string layer)
    {
        await using var scene = await StartAsync(layer);
        scene.Remote.Script = async (request, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 500, "InternalError");
            return ScriptedOutcome.Answered;
        };
        var read = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal((503, "ServiceUnavailable"), (read.Status, read.Code));
    }

    private static byte[] Bytes(int seed)
    {
        var bytes = new byte[3 * Chunk];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A scene in which the first chunk of an object is cached.</summary>
    private static async Task<LayerScene> StartAsync(string layer)
    {
        var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_CHUNK_THRESHOLD", "1MiB"), ("S3_OVERLAY_CHUNK_SIZE", "1MiB"),
            ("S3_OVERLAY_READ_AHEAD_BYTES", "0"));
        scene.Remote.Put("bucket", "key", Bytes(1));
        Assert.Equal(206, (await scene.SendAsync("GET", "/bucket/key", null, ("Range", "bytes=0-99"))).Status);
        await scene.Proxy.WhenIdleAsync();
        Assert.Equal("cache", (await scene.SendAsync("GET", "/bucket/key", null, ("Range", "bytes=100-999"))).Headers["x-s3overlay-layer"]);
        return scene;
    }
}
