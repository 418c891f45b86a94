using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A remote behind something that sends chunked bodies without a length: its objects are read like any other's (table F, rule R3).
/// </summary>
[Trait("Rule", "F")]
public sealed class UnmeasuredRemoteTests
{
    private const int Size = 300_000;

    private static readonly byte[] Bytes = [.. Enumerable.Range(0, Size).Select(static i => (byte)(i * 7))];

    [Theory]
    [InlineData("embedded", "true", 50 << 20)]
    [InlineData("embedded", "true", 65536)]
    [InlineData("embedded", "false", 65536)]
    [InlineData("store", "true", 50 << 20)]
    [InlineData("store", "true", 65536)]
    [InlineData("store", "false", 65536)]
    public async Task Its_objects_are_read(string layer, string isCaching, int chunk)
    {
        await using var scene = await LayerScene.StartAsync(
            layer, ("S3_OVERLAY_CACHE_ENABLED", isCaching), ("S3_OVERLAY_CHUNK_THRESHOLD", $"{chunk}"),
            ("S3_OVERLAY_CHUNK_SIZE", $"{Math.Min(chunk, 65536)}"));
        foreach (var key in (string[])["whole", "part", "end", "condition", "version"])
        {
            scene.Remote.Put("bucket", key, Bytes);
        }

        scene.Remote.Put("bucket", "empty", []);
        scene.Remote.Script = static (_, _) => Task.FromResult(new ScriptedOutcome { IsUnmeasured = true });
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal((200, Size, true), await ReadAsync(scene, "whole", 0, Size - 1));
            Assert.Equal((206, 11, true), await ReadAsync(scene, "part", 10, 20, ("Range", "bytes=10-20")));
            Assert.Equal((206, 100, true), await ReadAsync(scene, "end", Size - 100, Size - 1, ("Range", "bytes=-100")));
            Assert.Equal((200, Size, true), await ReadAsync(scene, "condition", 0, Size - 1, ("If-None-Match", "\"other\"")));
            Assert.Equal((200, Size, true), await ReadAsync(scene, "version?versionId=v", 0, Size - 1));
            var empty = await scene.SendAsync("GET", "/bucket/empty");
            Assert.Equal((200, "0", 0), (empty.Status, empty.Headers["Content-Length"], empty.Body.Length));
            Assert.Equal((200, $"{Size}"), await scene.SendAsync("HEAD", "/bucket/whole") is var head
                ? (head.Status, head.Headers["Content-Length"]) : default);
            await scene.Proxy.WhenIdleAsync();
        }
    }

    private static async Task<(int Status, int Length, bool IsRight)> ReadAsync(
        LayerScene scene, string target, int first, int last, params (string Name, string Value)[] headers)
    {
        var response = await scene.SendAsync("GET", "/bucket/" + target, null, headers);
        return (response.Status, response.Body.Length, response.Body.AsSpan().SequenceEqual(Bytes.AsSpan(first..(last + 1))));
    }
}
