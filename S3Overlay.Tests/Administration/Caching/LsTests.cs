using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration.Caching;

/// <summary>The merged listing with the layer of each row.</summary>
public sealed class LsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "L1")]
    public async Task Each_row_has_the_layer_that_answers_its_read(bool onStore)
    {
        await using var scene = await CacheScene.StartAsync(onStore);
        scene.Put(1000, "cached", "deleted", "gone/x", "p/1", "p/2", "remote", "rewritten");
        await scene.ReadAsync("cached", "p/1");
        await scene.Proxy.SendAsync("PUT", "/photos/written", "mine");
        await scene.Proxy.SendAsync("PUT", "/photos/p/0", "mine");
        foreach (var key in (string[])["deleted", "gone/x", "rewritten"])
        {
            await scene.Proxy.SendAsync("DELETE", "/photos/" + key);
        }

        await scene.Proxy.SendAsync("PUT", "/photos/rewritten", "again");
        Assert.Equal(
            [("cached", "cache"), ("p/0", "local"), ("p/1", "cache"), ("p/2", "remote"), ("remote", "remote"), ("rewritten", "local"),
                ("written", "local")],
            Rows(await scene.ListAsync("ls?bucket=photos&recursive=true")));
        Assert.Equal(
            [("cached", "cache"), ("p/", null), ("remote", "remote"), ("rewritten", "local"), ("written", "local")],
            Rows(await scene.ListAsync("ls?bucket=photos")));
        Assert.Equal([("p/0", "local"), ("p/1", "cache"), ("p/2", "remote")], Rows(await scene.ListAsync("ls?bucket=photos&prefix=p/")));
        Assert.Equal(
            [("cached", "cache"), ("deleted", "deleted"), ("gone/x", "deleted"), ("p/0", "local"), ("p/1", "cache"), ("p/2", "remote"),
                ("remote", "remote"), ("rewritten", "local"), ("written", "local")],
            Rows(await scene.ListAsync("ls?bucket=photos&recursive=true&deleted=true")));
        Assert.Equal(
            [("cached", "cache"), ("deleted", "deleted"), ("gone/", "deleted"), ("p/", null), ("remote", "remote"), ("rewritten", "local"),
                ("written", "local")],
            Rows(await scene.ListAsync("ls?bucket=photos&deleted=true")));
        foreach (var (name, layer) in Rows(await scene.ListAsync("ls?bucket=photos&recursive=true")))
        {
            Assert.Equal(layer, await scene.LayerAsync(name));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("&recursive=true")]
    [InlineData("&deleted=true")]
    [InlineData("&recursive=true&deleted=true")]
    [InlineData("&prefix=p")]
    [Trait("Rule", "L2")]
    public async Task A_listing_goes_on_after_any_row(string how)
    {
        await using var scene = await CacheScene.StartAsync();
        scene.Put(1000, "gone/x", "gone/y", "o", "p/1", "p/2", "p0", "q");
        await scene.ReadAsync("p/2", "q");
        await scene.Proxy.SendAsync("PUT", "/photos/p", "mine");
        foreach (var key in (string[])["gone/x", "gone/y", "p0"])
        {
            await scene.Proxy.SendAsync("DELETE", "/photos/" + key);
        }

        var all = Rows(await scene.ListAsync("ls?bucket=photos" + how));
        Assert.NotEmpty(all);
        for (var (at, after) = (0, ""); at < all.Length; after = all[at++].Name)
        {
            var rest = $"ls?bucket=photos{how}&after={Uri.EscapeDataString(after)}";
            Assert.Equal(all.Skip(at), Rows(await scene.ListAsync(rest)));
            Assert.Equal(all.Skip(at).Take(2), Rows(await scene.ListAsync(rest + "&limit=2")));
        }

        Assert.Empty(Rows(await scene.ListAsync($"ls?bucket=photos{how}&after=z")));
        Assert.Equal(400, (await scene.RefusedAsync("GET", "ls?bucket=photos&limit=0")).Status);
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task Many_rows_cost_the_remote_a_page_for_each_thousand()
    {
        await using var scene = await CacheScene.StartAsync();
        var keys = Enumerable.Range(0, 2500).Select(static at => $"k{at:d4}").ToArray();
        scene.Put(1, keys);
        foreach (var key in keys.Where(static (_, at) => at % 500 == 7))
        {
            await scene.Proxy.SendAsync("PUT", "/photos/" + key, "mine");
        }

        var before = scene.Remote.Requests.Count;
        var rows = Rows(await scene.ListAsync("ls?bucket=photos"));
        Assert.Equal(keys, rows.Select(static row => row.Name));
        Assert.Equal(5, rows.Count(static row => row.Layer == "local"));
        Assert.InRange(scene.Remote.Requests.Count - before, 3, 5);
    }

    [Fact]
    [Trait("Rule", "M2")]
    public async Task Several_remotes_and_plain_buckets_are_listed_too()
    {
        await using var other = await ScriptedRemote.StartAsync();
        other.Put("theirs", "x/1", new byte[5]);
        await using var scene = await CacheScene.StartAsync(settings:
        [
            ("S3_OVERLAY_REMOTES", "more"),
            ("S3_OVERLAY_REMOTE_MORE_ENDPOINT", other.Endpoint.ToString().TrimEnd('/')), ("S3_OVERLAY_REMOTE_MORE_ACCESS_KEY_ID", "k"),
            ("S3_OVERLAY_REMOTE_MORE_SECRET_ACCESS_KEY", "k"), ("S3_OVERLAY_REMOTE_MORE_BACKS", "photos/x/:theirs/x/"),
            ("S3_OVERLAY_UNMAPPED", "deny"), ("S3_OVERLAY_BUCKET_MAPPING", "photos:photos"),
        ]);
        scene.Put(10, "a", "x/hidden");
        await scene.Proxy.SendAsync("GET", "/photos/x/1");
        await scene.Proxy.WhenIdleAsync();
        Assert.Equal([("a", "remote"), ("x/1", "cache")], Rows(await scene.ListAsync("ls?bucket=photos&recursive=true")));
        Assert.Equal(200, (await scene.Proxy.SendAsync("PUT", "/plain")).Status);
        await scene.Proxy.SendAsync("PUT", "/plain/b", "mine");
        Assert.Equal([("b", "local")], Rows(await scene.ListAsync("ls?bucket=plain")));
        Assert.Equal(404, (await scene.RefusedAsync("GET", "ls?bucket=nothing")).Status);
        Assert.Equal(404, (await scene.RefusedAsync("GET", "ls?bucket=s3-overlay-cache")).Status);
    }

    private static (string Name, string? Layer)[] Rows(JsonElement[] items) =>
        [.. items.Select(static item => (item.GetProperty("name").GetString()!,
            item.TryGetProperty("layer", out var layer) ? layer.GetString() : null))];
}
