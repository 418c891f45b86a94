using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration.Caching;

/// <summary>The methods on a bucket of which two remotes back parts, one under other names.</summary>
[Trait("Rule", "M2")]
public sealed class SeveralRemotesTests : IAsyncLifetime
{
    private ScriptedRemote _other = null!;

    public async Task InitializeAsync()
    {
        _other = await ScriptedRemote.StartAsync();
        _other.Put("theirs", "deep/1", new byte[5]);
        _other.Put("theirs", "deep/2", new byte[6]);
        _other.Put("theirs", "elsewhere", new byte[7]);
    }

    public async Task DisposeAsync() => await _other.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_each_remote_backs_is_warmed_listed_and_evicted(bool onStore)
    {
        await using var scene = await StartAsync(onStore);
        var brought = await scene.DoAsync("warm?bucket=photos");
        Assert.Equal((3, 21, 0), (Number(brought, "brought"), Number(brought, "bytes"), Number(brought, "failed")));
        Assert.Equal(["photos/a", "photos/x/1", "photos/x/2"], Names(await scene.ListAsync("cached?bucket=photos")));
        Assert.DoesNotContain(scene.Remote.Requests, static request => request.Key.StartsWith("x/", StringComparison.Ordinal));
        Assert.Equal(1, Number(await scene.DoAsync("warm?bucket=photos&key=x/1"), "held"));
        Assert.Equal("HIT", (await scene.Proxy.SendAsync("GET", "/photos/x/2")).Headers["x-cache"]);
        Assert.Equal((404, "NoSuchKey", "No layer has a key photos/x/hidden."),
            await scene.RefusedAsync("POST", "warm?bucket=photos&key=x/hidden"));

        Assert.Equal((2, 11), Evicted(await scene.DoAsync("evict?bucket=photos&prefix=x/")));
        Assert.Equal(["photos/a"], Names(await scene.ListAsync("cached?bucket=photos")));
        Assert.Equal(404, (await scene.RefusedAsync("POST", "evict?bucket=photos&key=x/hidden")).Status);
        Assert.Equal((0, 0), Evicted(await scene.DoAsync("evict?bucket=photos&key=x/1")));
        Assert.Equal(2, Number(await scene.DoAsync("warm?bucket=photos&dry-run=true"), "brought"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "E6")]
    public async Task What_each_remote_backs_is_pinned(bool onStore)
    {
        await using var scene = await StartAsync(onStore);
        var pinned = await scene.DoAsync("pin?bucket=photos&prefix=x/");
        Assert.Equal((2, 11), (Number(pinned, "objects"), Number(pinned, "bytes")));
        Assert.Equal(5, Number(await scene.DoAsync("pin?bucket=photos&key=x/1"), "bytes"));
        Assert.Equal((404, "NoSuchKey"), await scene.RefusedAsync("POST", "pin?bucket=photos&key=x/hidden") is var (status, code, _)
            ? (status, code) : default);
        await scene.DoAsync("warm?bucket=photos");
        Assert.Equal([("a", false), ("x/1", true), ("x/2", true)], (await scene.ListAsync("cached?bucket=photos")).Select(
            static item => (item.GetProperty("key").GetString()!, item.GetProperty("pinned").GetBoolean())));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "P3")]
    public async Task Changes_are_compared_with_the_remote_that_backs_them_and_reverted_to_it(bool onStore)
    {
        await using var scene = await StartAsync(onStore);
        await scene.ReadAsync("a", "x/1", "x/2");
        await scene.Proxy.SendAsync("PUT", "/photos/a", "mine");
        await scene.Proxy.SendAsync("PUT", "/photos/x/1", "mine too");
        await scene.Proxy.SendAsync("DELETE", "/photos/x/2");

        var diff = JsonDocument.Parse((await scene.Proxy.SendAsync("GET", "/-/v1/diff?bucket=photos&key=x/1")).Text).RootElement;
        Assert.Equal((5, 8), (Number(diff.GetProperty("remote").GetProperty("version"), "size"),
            Number(diff.GetProperty("written").GetProperty("version"), "size")));
        Assert.Equal([("a", "photos", "a"), ("x/1", "theirs", "deep/1"), ("x/2", "theirs", "deep/2")],
            (await scene.ListAsync("changes?bucket=photos")).Select(static change => (change.GetProperty("key").GetString()!,
                change.GetProperty("place").GetProperty("bucket").GetString()!,
                change.GetProperty("place").GetProperty("key").GetString()!)));

        Assert.Equal(2, Number(await scene.DoAsync("revert?bucket=photos&prefix=x/"), "reverted"));
        Assert.Equal(new byte[5], (await scene.Proxy.SendAsync("GET", "/photos/x/1")).Body);
        Assert.Equal(new byte[6], (await scene.Proxy.SendAsync("GET", "/photos/x/2")).Body);
        Assert.Equal("mine", (await scene.Proxy.SendAsync("GET", "/photos/a")).Text);
        Assert.Equal(404, (await scene.RefusedAsync("POST", "revert?bucket=photos&key=x/hidden")).Status);
        Assert.Equal(1, Number(await scene.DoAsync("revert?bucket=photos"), "reverted"));
        Assert.Empty(await scene.ListAsync("changes?bucket=photos"));
    }

    private async Task<CacheScene> StartAsync(bool onStore)
    {
        var scene = await CacheScene.StartAsync(onStore, settings:
        [
            ("S3_OVERLAY_REMOTES", "more"), ("S3_OVERLAY_REMOTE_MORE_ENDPOINT", _other.Endpoint.ToString().TrimEnd('/')),
            ("S3_OVERLAY_REMOTE_MORE_ACCESS_KEY_ID", "k"), ("S3_OVERLAY_REMOTE_MORE_SECRET_ACCESS_KEY", "k"),
            ("S3_OVERLAY_REMOTE_MORE_BACKS", "photos/x/:theirs/deep/"), ("S3_OVERLAY_UNMAPPED", "deny"),
            ("S3_OVERLAY_BUCKET_MAPPING", "photos:photos"), ("S3_OVERLAY_CACHE_MAX_BYTES", "20MiB"),
        ]);
        scene.Put(10, "a", "x/hidden");
        return scene;
    }

    private static IEnumerable<string> Names(IEnumerable<JsonElement> items) =>
        items.Select(static item => $"{item.GetProperty("bucket").GetString()}/{item.GetProperty("key").GetString()}");

    private static (long Entries, long Bytes) Evicted(JsonElement result) => (Number(result, "entries"), Number(result, "bytes"));

    private static long Number(JsonElement of, string name) => of.GetProperty(name).GetInt64();
}
