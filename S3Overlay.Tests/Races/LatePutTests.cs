using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// The store executes the PUT of a fill late: the proxy that sent it is dead, and another one has evicted the key. Listings and reads still
/// agree.
/// </summary>
public sealed partial class LatePutTests : IAsyncLifetime
{
    private static readonly (string, string)[] Settings =
        [("S3_OVERLAY_PROXIES", "2"), ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "64KiB"),
            ("S3_OVERLAY_CHUNK_SIZE", "64KiB")];

    private const string Entry = "/s3-overlay-cache/c/bucket/key";

    private StoreScene? _scene;

    private StoreScene Scene => _scene!;

    private OverlayHost B => Scene.Proxy;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await (_scene?.DisposeAsync() ?? ValueTask.CompletedTask);

    [Theory, Trait("Rule", "T2")]
    [InlineData("listing", 1000)]
    [InlineData("listing", 100_000)]
    [InlineData("read", 1000)]
    [InlineData("read", 100_000)]
    [InlineData("listing, read", 1000)]
    [InlineData("listing, read", 100_000)]
    [InlineData("drop", 1000)]
    [InlineData("drop", 100_000)]
    public async Task An_entry_of_an_old_version_is_gone_with_the_next_listing(string meanwhile, int size)
    {
        await StartAsync(Settings);
        var late = await ReadAndDieAsync(size, Entry);
        var now = PutRemote(size + 1);
        foreach (var step in meanwhile.Split(", "))
        {
            await StepAsync(step);
        }

        Assert.True(await late.ExecuteAsync() is 200 or 412);
        Assert.Equal(now, await ListedAsync());
        Assert.Equal(now, (await Scene.SendAsync(B, "GET", "/bucket/key")).Headers["ETag"]);
        await AssertRowsGoAsync(1);
    }

    [Fact, Trait("Rule", "T2")]
    public async Task A_manifest_that_is_put_again_long_after_the_fill_began_is_listed()
    {
        await StartAsync(Settings);
        PutRemote(200_000);
        var a = await Scene.AddProxyAsync(Settings);
        Assert.Equal(206, (await Scene.SendAsync(a, "GET", "/bucket/key", null, ("Range", "bytes=0-65535"))).Status);
        await a.WhenIdleAsync();
        Scene.Clock.Advance(TimeSpan.FromHours(1));
        var late = await LatePut.KillAsync(Scene, a, Entry,
            () => Scene.SendAsync(a, "GET", "/bucket/key", null, ("Range", "bytes=65536-131071")));
        var now = PutRemote(1000);
        Assert.Equal(now, await ListedAsync());
        Assert.Equal(200, await late.ExecuteAsync());
        Assert.Equal(now, await ListedAsync());
        Assert.Equal(now, (await Scene.SendAsync(B, "GET", "/bucket/key")).Headers["ETag"]);
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "T2")]
    public async Task What_waits_for_an_entry_that_never_comes_goes()
    {
        await StartAsync(Settings);
        await ReadAndDieAsync(1000, Entry);
        await StepAsync("delete");
        Assert.Equal(1, await CountAsync("r"));
        await AssertRowsGoAsync(0);
    }

    [Fact, Trait("Rule", "T2")]
    public async Task It_is_also_gone_after_the_only_proxy_is_killed_and_restarted()
    {
        var settings = Alone(Settings);
        await StartAsync(settings);
        var late = await ReadAndDieAsync(1000, Entry, settings);
        var now = PutRemote(1001);
        await StepAsync("listing");
        Assert.Equal(200, await late.ExecuteAsync());
        Assert.Equal(now, await ListedAsync());
        Assert.Equal(now, (await Scene.SendAsync(B, "GET", "/bucket/key")).Headers["ETag"]);
    }

    [GeneratedRegex("<Key>key</Key>.*?<ETag>(.*?)</ETag>", RegexOptions.Singleline)]
    private static partial Regex Listed();

    private static (string, string)[] Alone((string, string)[] settings) =>
        [.. settings.Where(static setting => setting.Item1 != "S3_OVERLAY_PROXIES")];

    private async Task StartAsync((string, string)[] settings)
    {
        _scene = await StoreScene.StartAsync(true, settings);
        PutRemote(10);
        Assert.Equal(200, (await Scene.SendAsync(B, "PUT", "/bucket/warm", "v")).Status);
        await B.WhenIdleAsync();
    }

    private string PutRemote(int size) => Scene.Remote.Put("bucket", "key", new byte[size]).ETag;

    /// <summary>Another proxy is killed while the store has received its entry and has not executed the PUT.</summary>
    private async Task<LatePut> ReadAndDieAsync(int size, string target, (string, string)[]? settings = null)
    {
        var a = await Scene.AddProxyAsync(settings ?? Settings);
        PutRemote(size);
        return await LatePut
            .KillAsync(Scene, a, target, async () => Assert.Equal(200, (await Scene.SendAsync(a, "GET", "/bucket/key")).Status));
    }

    private async Task StepAsync(string step)
    {
        var response = step switch
        {
            "listing" => await Scene.SendAsync(B, "GET", "/bucket?list-type=2"),
            "drop" => await Scene.SendAsync(B, "POST", "/-/v1/drop?bucket=bucket&key=key"),
            "write" => await Scene.SendAsync(B, "PUT", "/bucket/key", "mine"),
            "change" => new RawResponse(200, new Dictionary<string, string> { [""] = PutRemote(1001) }, []),
            "delete" => await Scene.SendAsync(B, "DELETE", "/bucket/key"),
            _ => await Scene.SendAsync(B, "GET", "/bucket/key"),
        };
        Assert.True(response.Status is 200 or 204, $"{step}: {response.Status}");
        await B.WhenIdleAsync();
    }

    private async Task<string?> ListedAsync()
    {
        var text = (await Scene.SendAsync(B, "GET", "/bucket?list-type=2")).Text;
        Assert.Contains("<Key>warm</Key>", text, StringComparison.Ordinal);
        return Listed().Match(text) is { Success: true } match ? match.Groups[1].Value.Replace("&quot;", "\"", StringComparison.Ordinal)
            : null;
    }

    /// <summary>Rows that were left for what may come do not stay for ever.</summary>
    private async Task AssertRowsGoAsync(int left)
    {
        await B.WhenIdleAsync();
        Scene.Clock.Advance(TimeSpan.FromDays(3));
        await ListedAsync();
        await B.WhenIdleAsync();
        await B.Copies!.SweepAsync();
        var (rows, copies) = (await CountAsync("r"), await CountAsync("c"));
        Assert.InRange(rows, 0, left);
        Assert.True(rows >= copies, $"{rows} rows, {copies} copies");
    }

    private async Task<int> CountAsync(string kind) =>
        (await Scene.AskStoreAsync("GET", $"/s3-overlay-cache?list-type=2&prefix={kind}%2F")).Text.Split("<Key>").Length - 1;
}
