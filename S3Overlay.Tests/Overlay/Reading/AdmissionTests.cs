using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>Which objects are cached, and for how long, through a whole proxy (rules E1 and E2).</summary>
public sealed class AdmissionTests
{
    [Fact, Trait("Rule", "E2")]
    public async Task An_object_is_cached_on_the_miss_the_settings_name()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "key", new byte[100_000]);
        await using var proxy = await OverlayHost.StartEmbeddedAsync(remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_CACHE_MIN_USES", "3"));
        foreach (var expected in (string[])["BYPASS", "BYPASS", "MISS", "HIT", "HIT"])
        {
            // A HEAD does not use the bytes.
            Assert.Equal(200, (await proxy.SendAsync("HEAD", "/bucket/key")).Status);
            var response = await proxy.SendAsync("GET", "/bucket/key");
            Assert.Equal((200, 100_000, expected), (response.Status, response.Body.Length, response.Headers["x-cache"]));
            await proxy.WhenIdleAsync();
        }
    }

    [Fact, Trait("Rule", "E2")]
    public async Task Each_object_is_counted_for_itself_and_ranges_count_too()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "one", new byte[1000]);
        remote.Put("bucket", "two", new byte[1000]);
        await using var proxy = await OverlayHost.StartEmbeddedAsync(remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_CACHE_MIN_USES", "2"));
        foreach (var (key, expected) in ((string, string)[])[("one", "BYPASS"), ("two", "BYPASS"), ("one", "MISS"), ("one", "HIT"),
            ("two", "MISS")])
        {
            var response = await proxy.SendAsync("GET", $"/bucket/{key}", null, ("Range", "bytes=10-19"));
            Assert.Equal((206, 10, expected), (response.Status, response.Body.Length, response.Headers["x-cache"]));
            await proxy.WhenIdleAsync();
        }
    }

    [Fact, Trait("Rule", "S2"), Trait("Rule", "E2")]
    public async Task What_is_streamed_through_is_remembered_to_be_there_or_not()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "other", new byte[10]);
        await using var proxy = await OverlayHost.StartEmbeddedAsync(
            remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CACHE_MIN_USES", "5"), ("S3_OVERLAY_NEGATIVE_TTL", "1h"));
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/key")).Status);
        var asked = remote.Requests.Count(request => request.Key == "key");
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/key")).Status);
        Assert.Equal(asked, remote.Requests.Count(request => request.Key == "key"));
        remote.Put("bucket", "key", new byte[10]);
        Assert.Equal(200, (await proxy.SendAsync("GET", "/bucket/key", null, ("Cache-Control", "no-cache"))).Status);
        Assert.Equal(200, (await proxy.SendAsync("GET", "/bucket/key")).Status);
    }

    [Fact, Trait("Rule", "E1")]
    public async Task The_cache_stays_within_its_bound_and_writes_stay()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        for (var i = 0; i < 10; i++)
        {
            remote.Put("bucket", $"key{i}", new byte[131_072]);
        }

        await using var proxy = await OverlayHost.StartEmbeddedAsync(
            remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CACHE_MAX_BYTES", "512KiB"),
            ("S3_OVERLAY_CHUNK_THRESHOLD", "100KiB"), ("S3_OVERLAY_CHUNK_SIZE", "64KiB"));
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/written", new string('x', 700_000))).Status);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(131_072, (await proxy.SendAsync("GET", $"/bucket/key{i}")).Body.Length);
            await proxy.WhenIdleAsync();
        }

        var held = Assert.IsType<S3Overlay.Proxy.Embedded.Cache.DiskCacheStore>(proxy.Services.Local.Cache);
        await held.Evicting;
        Assert.Equal((512 << 10, 6), (held.Bytes, held.Evictions));
        Assert.Equal("HIT", (await proxy.SendAsync("GET", "/bucket/key9")).Headers["x-cache"]);
        Assert.Equal("MISS", (await proxy.SendAsync("GET", "/bucket/key0")).Headers["x-cache"]);
        Assert.Equal(700_000, (await proxy.SendAsync("GET", "/bucket/written")).Body.Length);
    }
}
