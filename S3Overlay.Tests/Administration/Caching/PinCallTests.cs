using System.Text.Json;

namespace S3Overlay.Tests.Administration.Caching;

/// <summary>Pins as administrators set them (rule E6).</summary>
public sealed class PinCallTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "E6")]
    public async Task A_pin_counts_what_it_is_about_and_one_that_does_not_fit_is_refused_with_the_numbers(bool onStore)
    {
        await using var scene = await CacheScene.StartAsync(onStore, settings: ("S3_OVERLAY_CACHE_MAX_BYTES", "100KiB"));
        scene.Put(10 << 10, "a", "p/1", "p/2", "p/3");
        scene.Put(80 << 10, "big");
        await scene.ReadAsync("p/1");
        var pinned = await scene.DoAsync("pin?bucket=photos&prefix=p/");
        Assert.Equal("""{"done":true,"objects":3,"bytes":30720,"entries":1,"cachedBytes":10240}""", pinned.GetRawText());

        var (status, code, message) = await scene.RefusedAsync("POST", "pin?bucket=photos&key=big");
        Assert.Equal((409, "PinDoesNotFit"), (status, code));
        Assert.Equal("The pin needs 80 KiB. The cache has 100 KiB, and 30 KiB are pinned.", message);
        Assert.Contains("at least ", (await scene.RefusedAsync("POST", "pin?bucket=photos")).Message, StringComparison.Ordinal);
        Assert.Equal(404, (await scene.RefusedAsync("POST", "pin?bucket=photos&key=nothing")).Status);
        Assert.Equal("NoSuchPin", (await scene.RefusedAsync("POST", "unpin?bucket=photos&key=a")).Code);

        await scene.DoAsync("pin?bucket=photos&key=a&dry-run=true");
        await scene.DoAsync("pin?bucket=photos&key=p/2");
        Assert.Equal([("p/", 30720L), ("p/2", 10240L)], (await scene.ListAsync("pins")).Select(static pin => (
            (pin.GetProperty("key").GetString() ?? pin.GetProperty("prefix").GetString())!, pin.GetProperty("bytes").GetInt64())));
        Assert.True(Assert.Single(await scene.ListAsync("cached?all=true")).GetProperty("pinned").GetBoolean());
    }

    [Fact]
    [Trait("Rule", "E6")]
    public async Task Pinned_entries_stay_while_others_make_room()
    {
        await using var scene = await CacheScene.StartAsync(settings: ("S3_OVERLAY_CACHE_MAX_BYTES", "50KiB"));
        scene.Put(10 << 10, "old", "a", "b", "c", "d", "e", "f");
        await scene.ReadAsync("old");
        await scene.DoAsync("pin?bucket=photos&key=old");
        await scene.ReadAsync("a", "b", "c", "d", "e", "f");
        await ((Proxy.Embedded.Cache.DiskCacheStore)scene.Proxy.Services.Local.Cache!).Evicting;
        Assert.Equal(["c", "d", "e", "f", "old"], (await scene.ListAsync("cached?all=true")).Select(KeyOf));

        // A person evicts it all the same, and it stays pinned.
        var evicted = await scene.DoAsync("evict?bucket=photos");
        Assert.Equal((5, 1), (evicted.GetProperty("entries").GetInt32(), evicted.GetProperty("pinned").GetInt32()));
        Assert.Equal(["old"], (await scene.ListAsync("pins")).Select(KeyOf));
    }

    [Fact]
    [Trait("Rule", "E6")]
    public async Task A_cache_full_of_pinned_entries_passes_other_reads_through()
    {
        await using var scene = await CacheScene.StartAsync(settings: ("S3_OVERLAY_CACHE_MAX_BYTES", "30KiB"));
        scene.Put(10 << 10, "p/1", "p/2", "p/3", "a", "b");
        await scene.DoAsync("pin?bucket=photos&prefix=p/");
        await scene.ReadAsync("p/1", "p/2", "p/3", "a", "b", "b");
        await ((Proxy.Embedded.Cache.DiskCacheStore)scene.Proxy.Services.Local.Cache!).Evicting;
        await scene.ReadAsync("b", "p/1", "p/2", "p/3");
        await ((Proxy.Embedded.Cache.DiskCacheStore)scene.Proxy.Services.Local.Cache!).Evicting;
        Assert.Equal(["p/1", "p/2", "p/3"], (await scene.ListAsync("cached?all=true")).Select(KeyOf));
    }

    private static string KeyOf(JsonElement item) => item.GetProperty("key").GetString()!;
}
