using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>
/// Checksums learned for an entry in chunks over a store are requested once (rule T1), even if another proxy writes to the store
/// afterwards.
/// </summary>
public sealed class LearnedChecksumTests
{
    private const string Checksum = "x-amz-checksum-crc32";

    private static readonly (string, string)[] Settings =
        [("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_REVALIDATE", "never"), ("S3_OVERLAY_CHUNK_THRESHOLD", "65536"),
            ("S3_OVERLAY_CHUNK_SIZE", "65536")];

    [Theory, Trait("Rule", "T1")]
    [InlineData("HEAD")]
    [InlineData("GET")]
    public async Task They_are_requested_once(string method)
    {
        await using var scene = await StoreScene.StartAsync(true, Settings);
        scene.Remote.Put("bucket", "key", new byte[200_000], (Checksum, "AAAAAA=="));
        Assert.Equal(206, (await scene.SendAsync("GET", "/bucket/key", null, ("Range", "bytes=5-9"))).Status);
        await SettleAsync(scene, scene.Proxy);
        for (var i = 0; i < 4; i++)
        {
            await AssertShownAsync(scene, scene.Proxy, method);
            await SettleAsync(scene, scene.Proxy);
        }

        await scene.Proxy.DisposeAsync();
        await using var restarted = await scene.AddProxyAsync(Settings);
        await AssertShownAsync(scene, restarted, method);
        Assert.Single(scene.Remote.Requests, static request => request is { Method: "HEAD", Key: "key" });
    }

    private static async Task AssertShownAsync(StoreScene scene, OverlayHost proxy, string method)
    {
        var response = await scene.SendAsync(proxy, method, "/bucket/key", null, ("x-amz-checksum-mode", "ENABLED"));
        Assert.Equal((200, "AAAAAA=="), (response.Status, response.Headers.GetValueOrDefault(Checksum)));
    }

    private static async Task SettleAsync(StoreScene scene, OverlayHost proxy)
    {
        await proxy.WhenIdleAsync();
        while (await proxy.Copies!.WhenIdleAsync())
        {
            scene.Clock.Advance(TimeSpan.FromSeconds(2));
        }
    }
}
