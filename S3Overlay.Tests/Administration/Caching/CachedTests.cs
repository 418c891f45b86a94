using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration.Caching;

/// <summary>The list of cache entries.</summary>
public sealed class CachedTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "A5")]
    public async Task Entries_show_how_much_of_each_object_is_cached(bool onStore)
    {
        await using var scene = await CacheScene.StartAsync(onStore);
        scene.Put(1000, "a", "p/b");
        scene.Put(5 * CacheScene.Chunk + 1, "large");
        scene.Remote.Put("other", "c", new byte[10]);
        await scene.ReadAsync("a", "p/b");
        await scene.ReadRangeAsync("large", $"bytes={CacheScene.Chunk}-{2 * CacheScene.Chunk}");
        await scene.Proxy.SendAsync("GET", "/other/c");
        await scene.Proxy.WhenIdleAsync();

        var items = await scene.ListAsync("cached?all=true");
        Assert.Equal(["other/c", "photos/a", "photos/large", "photos/p/b"], items.Select(NameOf));
        var large = ((5 * CacheScene.Chunk) + 1, CacheScene.Chunk + (64 << 10), 1, 6);
        Assert.Equal([(10, 10, 1, 1), (1000, 1000, 1, 1), large, (1000, 1000, 1, 1)],
            items.Select(static item => (item.GetProperty("size").GetInt32(), item.GetProperty("bytes").GetInt32(),
                item.GetProperty("fullChunks").GetInt32(), item.GetProperty("chunks").GetInt32())));
        Assert.All(items, static item => Assert.Equal("fresh", item.GetProperty("state").GetString()));
        Assert.Equal(["photos/p/b"], (await scene.ListAsync("cached?bucket=photos&prefix=p/")).Select(NameOf));
        Assert.Equal(["photos/a"], (await scene.ListAsync("cached?bucket=photos&key=a")).Select(NameOf));
        scene.Put(10, "not-read");
        Assert.Empty(await scene.ListAsync("cached?bucket=photos&key=not-read"));
        Assert.Equal((404, "NoSuchKey", "No layer has a key photos/nothing."),
            await scene.RefusedAsync("GET", "cached?bucket=photos&key=nothing"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_list_goes_on_behind_any_entry(bool onStore)
    {
        await using var scene = await CacheScene.StartAsync(onStore);
        scene.Put(10, "a", "b", "b/c", "\ud83d\ude00");
        scene.Remote.Put("other", "z", new byte[10]);
        await scene.ReadAsync("a", "b", "b/c", "%F0%9F%98%80");
        await scene.Proxy.SendAsync("GET", "/other/z");
        await scene.Proxy.WhenIdleAsync();
        List<string> seen = [];
        var after = "";
        while (await scene.ListAsync($"cached?all=true&limit=1{after}") is [var item])
        {
            seen.Add(NameOf(item));
            after = "&after=" + Uri.EscapeDataString(NameOf(item));
        }

        Assert.Equal(["other/z", "photos/a", "photos/b", "photos/b/c", "photos/\ud83d\ude00"], seen);
        Assert.Equal(["photos/b/c"], (await scene.ListAsync("cached?bucket=photos&prefix=b&after=photos/b")).Select(NameOf));
        Assert.Equal(["photos/b", "photos/b/c"], (await scene.ListAsync("cached?all=true&limit=2&after=photos/aa")).Select(NameOf));
        Assert.Equal((400, "InvalidArgument"), Code(await scene.RefusedAsync("GET", "cached?all=true&sort=size&after=photos/a")));
        Assert.Equal((400, "InvalidArgument"), Code(await scene.RefusedAsync("GET", "cached?all=true&after=photos")));
    }

    [Fact]
    [Trait("Rule", "E1")]
    public async Task Looking_is_no_use_and_sorts_say_what_goes_first()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var scene = await CacheScene.StartAsync(time: clock);
        foreach (var (key, size) in ((string, int)[])[("a", 3000), ("b", 1000), ("c", 2000)])
        {
            scene.Put(size, key);
            await scene.ReadAsync(key);
            clock.Advance(TimeSpan.FromSeconds(30));
        }

        await scene.ReadAsync("a");
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(["photos/b", "photos/c", "photos/a"], (await scene.ListAsync("cached?all=true&sort=used")).Select(NameOf));
            Assert.Equal(200, (await scene.Proxy.SendAsync("GET", "/-/v1/explain?bucket=photos&key=b")).Status);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["photos/a", "photos/c", "photos/b"], (await scene.ListAsync("cached?bucket=photos&sort=size")).Select(NameOf));
        Assert.Equal(["photos/a", "photos/b"], (await scene.ListAsync("cached?all=true&sort=age&limit=2")).Select(NameOf));
        Assert.Equal(["photos/a"], (await scene.ListAsync("cached?all=true&limit=1")).Select(NameOf));
        Assert.Equal((400, "InvalidArgument"), Code(await scene.RefusedAsync("GET", "cached?all=true&sort=color")));
        Assert.Equal((400, "InvalidArgument"), Code(await scene.RefusedAsync("GET", "cached?all=true&sort=size&limit=200000")));
    }

    [Fact]
    [Trait("Rule", "S1")]
    public async Task An_entry_past_its_lifetime_is_stale_and_one_of_another_chunk_size_unusable()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var scene = await CacheScene.StartAsync(time: clock, settings: ("S3_OVERLAY_REVALIDATE", "2m"));
        scene.Put(1000, "a");
        await scene.ReadAsync("a");
        clock.Advance(TimeSpan.FromMinutes(3));
        var item = Assert.Single(await scene.ListAsync("cached?all=true"));
        Assert.Equal(("stale", 180), (item.GetProperty("state").GetString(), item.GetProperty("age").GetInt32()));
        var (code, output, errors) = await scene.RunAsync("cached", "photos/a");
        Assert.Equal((0, "1 entry, 1000 bytes cached.\n"), (code, errors));
        Assert.Matches(
            "^ *CACHED +BYTES +AGE +USED +STATE +PINNED +KEY\n *whole +1000 bytes +3 minutes +[0-9TZ:-]+ +stale +no +photos/a\n$", output);
    }

    [Fact]
    public async Task Without_a_cache_it_says_so()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null);
        string[] calls = ["GET cached?all=true", "GET pins", "POST pin?bucket=b", "POST unpin?bucket=b", "POST warm?bucket=b"];
        foreach (var call in calls)
        {
            var response = await proxy.SendAsync(call.Split(' ')[0], "/-/v1/" + call.Split(' ')[1]);
            Assert.Equal((409, "CacheIsOff"), (response.Status,
                JsonDocument.Parse(response.Text).RootElement.GetProperty("code").GetString()));
        }
    }

    private static string NameOf(JsonElement item) => $"{item.GetProperty("bucket")}/{item.GetProperty("key")}";

    private static (int, string) Code((int Status, string Code, string Message) refusal) => (refusal.Status, refusal.Code);
}
