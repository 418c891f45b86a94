using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// The cache bucket or the spool is full (table F). Reads still return whole, correct objects, and these are cached once there is space.
/// </summary>
[Trait("Rule", "F-full")]
public sealed class FullCacheTests
{
    private const int Size = 300_000;

    [Theory]
    [InlineData(507, "InsufficientStorage")]
    [InlineData(403, "QuotaExceeded")]
    [InlineData(403, "AccessDenied")]
    public async Task A_cache_bucket_that_takes_nothing_keeps_no_reader_from_the_remote(int status, string code)
    {
        await using var scene = await StartAsync();
        var (held, cold) = (Put(scene, "held", 1), Put(scene, "cold", 2));
        await ReadAsync(scene, "held", held);
        await scene.Proxy.WhenIdleAsync();
        scene.Store.Fail = request => request.Method is "PUT" or "POST"
            && request.Path.StartsWithSegments("/s3-overlay-cache", StringComparison.Ordinal) ? (status, code) : null;
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("remote", await ReadAsync(scene, "cold", cold));
            await scene.Proxy.WhenIdleAsync();
        }

        var asked = scene.Remote.Requests.Count;
        Assert.Equal("cache", await ReadAsync(scene, "held", held));
        Assert.Equal(asked, scene.Remote.Requests.Count);

        // What is written does not go there: it is acknowledged, and shown.
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/written", "mine")).Status);
        Assert.Equal("mine", (await scene.SendAsync("GET", "/bucket/written")).Text);

        scene.Store.Fail = null;
        await ReadAsync(scene, "cold", cold);
        await scene.Proxy.WhenIdleAsync();
        asked = scene.Remote.Requests.Count;
        Assert.Equal("cache", await ReadAsync(scene, "cold", cold));
        Assert.Equal(asked, scene.Remote.Requests.Count);
    }

    [Fact]
    public async Task What_does_not_fit_the_spool_is_read_uncached_and_what_fits_is_cached()
    {
        await using var scene = await StartAsync(("S3_OVERLAY_SPOOL_MAX_BYTES", "400KB"));
        var (large, small) = (Put(scene, "large", 1, 2 * Size), Put(scene, "small", 2));
        for (var i = 1; i <= 2; i++)
        {
            Assert.Equal("remote", await ReadAsync(scene, "large", large));
            await scene.Proxy.WhenIdleAsync();
            Assert.Equal(i, scene.Proxy.Copies!.SpoolRefusals);
        }

        Assert.Equal("remote", await ReadAsync(scene, "small", small));
        await scene.Proxy.WhenIdleAsync();
        var asked = scene.Remote.Requests.Count;
        Assert.Equal("cache", await ReadAsync(scene, "small", small));
        Assert.Equal(asked, scene.Remote.Requests.Count);
    }

    private static Task<StoreScene> StartAsync(params (string Name, string Value)[] settings) =>
        StoreScene.StartAsync(true, [("S3_OVERLAY_CACHE_ENABLED", "true"), .. settings]);

    private static byte[] Put(StoreScene scene, string key, int seed, int size = Size)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        scene.Remote.Put("bucket", key, bytes);
        return bytes;
    }

    /// <summary>Reads an object that must be whole and right, and returns which layer it came from.</summary>
    private static async Task<string> ReadAsync(StoreScene scene, string key, byte[] expected)
    {
        var response = await scene.SendAsync("GET", "/bucket/" + key);
        Assert.Equal(200, response.Status);
        Assert.Equal(expected, response.Body);
        return response.Headers["x-s3overlay-layer"];
    }
}
