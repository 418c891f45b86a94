using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// The store executes a fill's PUT of a copy late, when the proxy that sent it is dead and another one has dropped what is held of the key.
/// Listings and reads agree all the same.
/// </summary>
public sealed partial class LatePutTests : IAsyncLifetime
{
    private static readonly (string, string)[] Settings =
        [("S3_OVERLAY_PROXIES", "2"), ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "64KiB"),
            ("S3_OVERLAY_CHUNK_SIZE", "64KiB")];

    private static readonly (string, string)[] Placed = [.. Settings, ("S3_OVERLAY_CACHE_PLACE", "bucket")];

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
    public async Task A_copy_of_an_old_version_is_gone_with_the_next_listing(string meanwhile, int size)
    {
        await StartAsync(Settings);
        var late = await ReadAndDieAsync(size, "/s3-overlay-cache/c/bucket/key");
        var now = PutRemote(size + 1);
        foreach (var step in meanwhile.Split(", "))
        {
            await StepAsync(step);
        }

        Assert.True(await late.ExecuteAsync() is 200 or 412);
        Assert.Equal(now, await ListedAsync());
        Assert.Equal(now, (await Scene.SendAsync(B, "GET", "/bucket/key")).Headers["ETag"]);
        await AssertRowsGoAsync("r", 1);
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
        var late = await LatePut.KillAsync(Scene, a, "/s3-overlay-cache/c/bucket/key",
            () => Scene.SendAsync(a, "GET", "/bucket/key", null, ("Range", "bytes=65536-131071")));
        var now = PutRemote(1000);
        Assert.Equal(now, await ListedAsync());
        Assert.Equal(200, await late.ExecuteAsync());
        Assert.Equal(now, await ListedAsync());
        Assert.Equal(now, (await Scene.SendAsync(B, "GET", "/bucket/key")).Headers["ETag"]);
    }

    [Theory, Trait("Rule", "E4"), Trait("Rule", "D1")]
    [InlineData("delete")]
    [InlineData("write, delete")]
    [InlineData("change, read, delete")]
    [InlineData("read, delete")]
    public async Task A_copy_that_comes_under_a_deleted_key_is_not_listed(string meanwhile)
    {
        await StartAsync(Placed);
        var late = await ReadAndDieAsync(1000, "/bucket/key");
        foreach (var step in meanwhile.Split(", "))
        {
            await StepAsync(step);
        }

        Assert.Equal(200, await late.ExecuteAsync());
        Assert.Null(await ListedAsync());
        Assert.Equal(404, (await Scene.SendAsync(B, "GET", "/bucket/key")).Status);
        Assert.Equal(404, (await Scene.SendAsync(B, "HEAD", "/bucket/key")).Status);
        await AssertRowsGoAsync("o", 1);
    }

    [Theory, Trait("Rule", "E4"), Trait("Rule", "T2")]
    [InlineData("cache")]
    [InlineData("bucket")]
    public async Task What_waits_for_a_copy_that_never_comes_goes(string place)
    {
        var (settings, target) = place == "bucket" ? (Placed, "/bucket/key") : (Settings, "/s3-overlay-cache/c/bucket/key");
        await StartAsync(settings);
        await ReadAndDieAsync(1000, target, settings);
        await StepAsync("delete");
        Assert.Equal(1, await CountAsync(place == "bucket" ? "o" : "r"));
        await AssertRowsGoAsync(place == "bucket" ? "o" : "r", 0);
    }

    [Theory, Trait("Rule", "T2"), Trait("Rule", "D1")]
    [InlineData("cache", "listing")]
    [InlineData("bucket", "delete")]
    public async Task So_it_is_when_the_only_proxy_is_killed_and_started_again(string place, string meanwhile)
    {
        var settings = Alone(place == "bucket" ? Placed : Settings);
        await StartAsync(settings);
        var late = await ReadAndDieAsync(1000, place == "bucket" ? "/bucket/key" : "/s3-overlay-cache/c/bucket/key", settings);
        var now = PutRemote(1001);
        await StepAsync(meanwhile);
        Assert.Equal(200, await late.ExecuteAsync());
        Assert.Equal(meanwhile == "delete" ? null : now, await ListedAsync());
        Assert.Equal(meanwhile == "delete" ? null : now, (await Scene.SendAsync(B, "GET", "/bucket/key")).Headers
            .GetValueOrDefault("ETag"));
    }

    [Theory, Trait("Rule", "E4"), Trait("Rule", "T2")]
    [InlineData("listing")]
    [InlineData("drop")]
    public async Task A_copy_that_comes_under_its_own_key_is_listed_as_the_remotes(string meanwhile)
    {
        await StartAsync(Placed);
        var late = await ReadAndDieAsync(1000, "/bucket/key");
        var now = PutRemote(1001);
        await StepAsync(meanwhile);
        Assert.Equal(200, await late.ExecuteAsync());
        Assert.Equal(now, await ListedAsync());
        Assert.Equal(now, (await Scene.SendAsync(B, "GET", "/bucket/key")).Headers["ETag"]);
        await AssertRowsGoAsync("o", 1);
    }

    /// <summary>Another proxy fills the version again whose row was left, and dies as well.</summary>
    [Fact, Trait("Rule", "E4"), Trait("Rule", "T2")]
    public async Task A_row_that_is_put_anew_while_leftovers_are_looked_for_stays()
    {
        await StartAsync(Placed);
        var late = await ReadAndDieAsync(1000, "/bucket/key");
        var row = string.Join('/', (await RowAsync()).Split('/').Select(Uri.EscapeDataString));
        var happened = BeforeOnce(
            call => call is { Method: "HEAD", Path: "/bucket/key" },
            async () => Assert.Equal(200, (await Scene.AskStoreAsync("PUT", $"/s3-overlay-cache/{row}", "")).Status));
        Scene.Clock.Advance(TimeSpan.FromDays(3));
        await B.Copies!.SweepAsync();
        await happened;
        Assert.Equal(200, await late.ExecuteAsync());
        var now = PutRemote(1001);
        Assert.Equal(now, await ListedAsync());
        Assert.Equal(now, (await Scene.SendAsync(B, "GET", "/bucket/key")).Headers["ETag"]);
    }

    /// <summary>A fill of the same version by this proxy begins when the sweep has looked, and waits until it is past the key.</summary>
    [Fact, Trait("Rule", "E4")]
    public async Task No_copy_is_put_while_the_row_it_had_left_is_removed()
    {
        await StartAsync(Placed);
        await ReadAndDieAsync(1000, "/bucket/key");
        var (isPut, wasPut, read) = (false, false, 0);
        var happened = BeforeOnce(IsRowsDelete, async () =>
        {
            Scene.Store.Before = call =>
            {
                isPut |= call.Method == "PUT" && call.Path.StartsWith("/s3-overlay-cache/o/", StringComparison.Ordinal);
                return Task.CompletedTask;
            };
            read = (await B.SendAsync("GET", "/bucket/key")).Status;
            await Task.Delay(300);
            wasPut = isPut;
        });
        Scene.Clock.Advance(TimeSpan.FromDays(3));
        await B.Copies!.SweepAsync();
        await happened;
        await B.WhenIdleAsync();
        Assert.Equal((200, false, true), (read, wasPut, isPut));
        Assert.Equal(1, await CountAsync("o"));
        Assert.Equal(200, (await Scene.AskStoreAsync("HEAD", "/bucket/key")).Status);
    }

    /// <summary>Who begins to list when the row is going already finds the copy and no row.</summary>
    [Fact, Trait("Rule", "E4"), Trait("Rule", "T2")]
    public async Task A_copy_that_comes_while_its_old_row_goes_is_listed_as_the_remotes()
    {
        await StartAsync(Placed);
        var late = await ReadAndDieAsync(1000, "/bucket/key");
        var now = PutRemote(1001);
        string? listed = null;
        var happened = BeforeOnce(IsRowsDelete, async () => Assert.Equal(200, await late.ExecuteAsync()));
        Scene.Store.After = async call =>
        {
            if (IsRowsDelete(call))
            {
                Scene.Store.After = null;
                listed = await ListedAsync();
            }
        };
        Scene.Clock.Advance(TimeSpan.FromDays(3));
        await B.Copies!.SweepAsync();
        await happened;
        await Patience.UntilAsync(() => listed is not null, "The row is not deleted.");
        Assert.Equal(now, listed);
        await Patience.UntilAsync(async () => (await Scene.AskStoreAsync("HEAD", "/bucket/key")).Status == 404, "The copy stays.");
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

    /// <summary>Another proxy is asked for the key, and killed while the store has its copy and has not executed the PUT.</summary>
    private async Task<LatePut> ReadAndDieAsync(int size, string target, (string, string)[]? settings = null)
    {
        var a = await Scene.AddProxyAsync(settings ?? (target.StartsWith("/s3", StringComparison.Ordinal) ? Settings : Placed));
        PutRemote(size);
        return await LatePut
            .KillAsync(Scene, a, target, async () => Assert.Equal(200, (await Scene.SendAsync(a, "GET", "/bucket/key")).Status));
    }

    private async Task StepAsync(string step)
    {
        var answer = step switch
        {
            "listing" => await Scene.SendAsync(B, "GET", "/bucket?list-type=2"),
            "drop" => await Scene.SendAsync(B, "POST", "/-/v1/drop?bucket=bucket&key=key"),
            "write" => await Scene.SendAsync(B, "PUT", "/bucket/key", "mine"),
            "change" => new RawAnswer(200, new Dictionary<string, string> { [""] = PutRemote(1001) }, []),
            "delete" => await Scene.SendAsync(B, "DELETE", "/bucket/key"),
            _ => await Scene.SendAsync(B, "GET", "/bucket/key"),
        };
        Assert.True(answer.Status is 200 or 204, $"{step}: {answer.Status}");
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
    private async Task AssertRowsGoAsync(string kind, int left)
    {
        await B.WhenIdleAsync();
        Scene.Clock.Advance(TimeSpan.FromDays(3));
        await ListedAsync();
        await B.WhenIdleAsync();
        await B.Copies!.SweepAsync();
        var (rows, copies) = (await CountAsync(kind), await CountAsync("c"));
        Assert.InRange(rows, 0, left);
        Assert.True(kind == "o" || rows >= copies, $"{rows} rows, {copies} copies");
    }

    private async Task<int> CountAsync(string kind) =>
        (await Scene.AskStoreAsync("GET", $"/s3-overlay-cache?list-type=2&prefix={kind}%2F")).Text.Split("<Key>").Length - 1;

    private async Task<string> RowAsync() =>
        (await Scene.AskStoreAsync("GET", "/s3-overlay-cache?list-type=2&prefix=o%2F")).Text.Split("<Key>")[1].Split('<')[0];

    private static bool IsRowsDelete(StoreCall call) => call.Method == "DELETE"
        && call.Path.StartsWith("/s3-overlay-cache/o/", StringComparison.Ordinal);

    /// <summary>Lets something happen before the first of certain calls takes effect.</summary>
    /// <returns>Finishes when it has happened: it may be a sweep that begins by itself that makes the call, since the clock is advanced by
    /// days.</returns>
    private Task BeforeOnce(Func<StoreCall, bool> isMeant, Func<Task> happens)
    {
        var happened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Scene.Store.Before = async call =>
        {
            if (isMeant(call))
            {
                Scene.Store.Before = null;
                try
                {
                    await happens();
                    happened.SetResult();
                }
                catch (Exception failure)
                {
                    happened.SetException(failure);
                    throw;
                }
            }
        };
        return happened.Task.WaitAsync(Patience.Limit);
    }
}
