using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>An entry that one of two proxies over one store evicts is not shown by the other, not even to a HEAD (rules T2, E3).</summary>
public sealed class EvictedByAnotherProxyTests
{
    private static readonly (string, string)[] Settings =
        [("S3_OVERLAY_PROXIES", "2"), ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "64KiB"),
            ("S3_OVERLAY_CHUNK_SIZE", "64KiB")];

    [Theory, Trait("Rule", "E3")]
    [InlineData("drop", 1000, "HEAD")]
    [InlineData("drop", 100_000, "HEAD")]
    [InlineData("drop", 100_000, "GET")]
    [InlineData("drop", 100_000, "GET of no such bytes")]
    [InlineData("listing", 100_000, "HEAD")]
    [InlineData("delete", 100_000, "HEAD")]
    public async Task The_other_shows_it_no_more(string how, int size, string look)
    {
        await using var scene = await StoreScene.StartAsync(true, Settings);
        var (a, b) = (scene.Proxy, await scene.AddProxyAsync(Settings));
        await using var ending = b;
        scene.Remote.Put("bucket", "key", new byte[size]);
        await scene.SendAsync(a, "GET", "/bucket/key");
        await a.WhenIdleAsync();
        var now = scene.Remote.Put("bucket", "key", new byte[size + 1]).ETag;
        Assert.NotEqual(now, (await scene.SendAsync(a, "HEAD", "/bucket/key")).Headers["ETag"]);

        // By then the store has been told of all that the first holds.
        scene.Clock.Advance(TimeSpan.FromSeconds(5));
        await a.WhenIdleAsync();
        await EvictAsync(scene, b, how);
        await b.WhenIdleAsync();

        var response = look.StartsWith("GET of", StringComparison.Ordinal)
            ? await scene.SendAsync(a, "GET", "/bucket/key", null, ("Range", $"bytes={size * 2}-"))
            : await scene.SendAsync(a, look, "/bucket/key");
        Assert.Equal(now, response.Status == 416 ? now : response.Headers["ETag"]);
        Assert.Equal(response.Status == 416 ? $"bytes */{size + 1}" : null, response.Headers.GetValueOrDefault("Content-Range"));
    }

    private static async Task EvictAsync(StoreScene scene, OverlayHost proxy, string how)
    {
        switch (how)
        {
            case "drop":
                Assert.Contains("\"done\":true", (await scene.SendAsync(proxy, "POST", "/-/v1/drop?bucket=bucket&key=key")).Text,
                    StringComparison.Ordinal);
                break;
            case "listing":
                Assert.Contains("<Key>key</Key>", (await scene.SendAsync(proxy, "GET", "/bucket?list-type=2")).Text,
                    StringComparison.Ordinal);
                break;
            default:
                Assert.Equal(204, (await scene.SendAsync(proxy, "DELETE", "/bucket/key")).Status);
                Assert.Contains("\"tombstones\":1", (await scene.SendAsync(proxy, "POST", "/-/v1/discard?bucket=bucket&key=key")).Text,
                    StringComparison.Ordinal);
                break;
        }
    }
}
