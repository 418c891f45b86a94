using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>Clients that read the same ranges in turn, or one that repeats a range, are sequential readers (rule C5).</summary>
[Trait("Rule", "C5")]
public sealed class ReadersInStepTests
{
    private const int Block = 64 << 10;
    private const int Chunk = 16 * Block;

    [Theory]
    [InlineData(2, 2, 2)]
    [InlineData(1, 2, 1)]
    [InlineData(1, 1, 3)]
    public async Task They_get_read_ahead_as_one_does(params int[] times)
    {
        await using var scene = await LayerScene.StartAsync("embedded",
            ("S3_OVERLAY_CHUNK_THRESHOLD", "1MiB"), ("S3_OVERLAY_CHUNK_SIZE", "1MiB"));
        scene.Remote.Put("bucket", "key", new byte[4 * Chunk]);
        for (var range = 0; range < times.Length; range++)
        {
            for (var time = 0; time < times[range]; time++)
            {
                var bytes = $"bytes={range * Block}-{((range + 1) * Block) - 1}";
                Assert.Equal(206, (await scene.SendAsync("GET", "/bucket/key", null, ("Range", bytes))).Status);
                await scene.Proxy.WhenIdleAsync();
            }
        }

        Assert.Equal(["bytes=0-65535", "bytes=65536-131071", $"bytes=131072-{Chunk - 1}"],
            scene.Remote.Requests.Where(static request => request is { Method: "GET", Key.Length: > 0 })
                .Select(static request => request.Headers.GetValueOrDefault("Range", "all")));
    }
}
