using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration.Caching;

/// <summary>Objects are brought into the cache before they are read.</summary>
public sealed class WarmCallTests
{
    private const int Block = 64 << 10;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "E7")]
    public async Task What_is_missing_is_brought_and_the_second_time_nothing_is(bool onStore)
    {
        await using var scene = await CacheScene.StartAsync(onStore);
        scene.Put(1000, "a", "p/1", "p/2", "deleted", "written");
        scene.Put(3 * CacheScene.Chunk + 5, "p/large");
        scene.Remote.Put("photos", "p/empty", []);
        await scene.Proxy.SendAsync("DELETE", "/photos/deleted");
        await scene.Proxy.SendAsync("PUT", "/photos/written", "mine");
        await scene.ReadAsync("p/1");
        await scene.ReadRangeAsync("p/large", "bytes=0-9");

        var brought = await scene.DoAsync("warm?bucket=photos&parallel=3");
        Assert.Equal((4, 1000 + 1000 + (3 * CacheScene.Chunk) + 5 - Block), (Number(brought, "brought"), Number(brought, "bytes")));
        Assert.Equal((1, 1, 0, 0), (Number(brought, "held"), Number(brought, "absent"), Number(brought, "failed"),
            Number(brought, "notCached")));
        Assert.Equal((5, 3000 + 3 * CacheScene.Chunk + 5), (Number(brought, "objects"), Number(brought, "objectBytes")));
        var fetches = scene.Fetches;
        var again = await scene.DoAsync("warm?bucket=photos");
        Assert.Equal((0, 0, 5, fetches), (Number(again, "brought"), Number(again, "bytes"), Number(again, "held"), scene.Fetches));
        foreach (var key in (string[])["a", "p/1", "p/2", "p/large", "p/empty"])
        {
            Assert.Equal("HIT", (await scene.Proxy.SendAsync("GET", "/photos/" + key)).Headers["x-cache"]);
        }

        Assert.Equal(fetches, scene.Fetches);
    }

    [Fact]
    [Trait("Rule", "E7")]
    public async Task Filters_and_ranges_choose_what_is_brought()
    {
        await using var scene = await CacheScene.StartAsync();
        scene.Put(10 * CacheScene.Chunk, "data/new.parquet", "data/draft.parquet", "data/x.txt");
        var old = new ScriptedObject(new byte[1000], "\"old\"", DateTimeOffset.UtcNow.AddDays(-9), []);
        scene.Remote.Put("photos", "data/old.parquet", old);
        var brought = await scene.DoAsync(
            "warm?bucket=photos&prefix=data/&include=*.parquet&exclude=draft*&newer-than=7d&ranges=head:64KiB,tail:300KiB");
        Assert.Equal((1, 6 * Block), (Number(brought, "brought"), Number(brought, "bytes")));
        var entry = Assert.Single(await scene.ListAsync("cached?all=true"));
        Assert.Equal(("data/new.parquet", 1), (entry.GetProperty("key").GetString(), Number(entry, "fullChunks")));
        Assert.Equal("HIT", (await scene.Proxy.SendAsync("GET", "/photos/data/new.parquet", null, ("Range", "bytes=-307200")))
            .Headers["x-cache"]);
        foreach (var wrong in (string[])["ranges=middle:1MiB", "ranges=head:0", "newer-than=soon", "include=", "include={", "parallel=0"])
        {
            Assert.Equal(400, (await scene.RefusedAsync("POST", "warm?bucket=photos&" + wrong)).Status);
        }
    }

    [Fact]
    [Trait("Rule", "E7")]
    public async Task It_stops_before_it_evicts_what_it_brought()
    {
        await using var scene = await CacheScene.StartAsync(settings: ("S3_OVERLAY_CACHE_MAX_BYTES", "50KiB"));
        scene.Put(10 << 10, "0", "1", "2", "3", "4", "5", "6", "7", "old");
        await scene.ReadAsync("old");
        var brought = await scene.DoAsync("warm?bucket=photos&parallel=1");
        Assert.Equal((5, 51_200, 10_240), (Number(brought, "brought"), Number(brought.GetProperty("stopped"), "room"),
            Number(brought.GetProperty("stopped"), "next")));
        await ((Proxy.Embedded.Cache.DiskCacheStore)scene.Proxy.Services.Local.Cache!).Evicting;
        Assert.Equal(["0", "1", "2", "3", "4"],
            (await scene.ListAsync("cached?all=true")).Select(static item => item.GetProperty("key").GetString()));

        // What it finds counts too: again, it brings nothing and evicts nothing.
        var fetches = scene.Fetches;
        brought = await scene.DoAsync("warm?bucket=photos&parallel=1");
        Assert.Equal((0, 5, fetches), (Number(brought, "brought"), Number(brought, "held"), scene.Fetches));

        // Room that others have pinned is not there for it.
        await scene.DoAsync("evict?bucket=photos");
        await scene.DoAsync("pin?bucket=photos&key=old");
        brought = await scene.DoAsync("warm?bucket=photos&prefix=1");
        Assert.Equal(1, Number(brought, "brought"));
        var (code, output, _) = await scene.RunAsync("warm", "photos", "--include", "[0-9]", "--include", "?", "--parallel", "1");
        Assert.Equal(1, code);
        Assert.Contains("the cache has room for 50 KiB", output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task A_client_that_reads_the_same_object_shares_its_request()
    {
        await using var scene = await CacheScene.StartAsync();
        scene.Put(300_000, "a");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Remote.Script = (request, _) =>
        {
            if (request.Key == "a" && request.Method == "GET")
            {
                asked.TrySetResult();
                return Task.FromResult(new ScriptedOutcome { GateAfter = (100_000, gate) });
            }

            return Task.FromResult(ScriptedOutcome.AsUsual);
        };
        var warming = scene.DoAsync("warm?bucket=photos&key=a");
        await asked.Task.WaitAsync(Patience.Limit);
        var reading = scene.Proxy.SendAsync("GET", "/photos/a");
        await Patience.UntilAsync(() => scene.Proxy.Services.Overlay!.Reader.Fills!.Objects.InUse > 0, "Nothing is filled.");
        gate.SetResult();
        Assert.Equal(1, Number(await warming, "brought"));
        Assert.Equal(300_000, (await reading).Body.Length);
        Assert.Equal(1, scene.Fetches);
    }

    [Fact]
    [Trait("Rule", "E7")]
    public async Task What_fails_is_counted_and_brought_the_next_time()
    {
        await using var scene = await CacheScene.StartAsync();
        scene.Put(1000, "a", "b", "c");
        scene.Remote.Script = async (request, context) =>
        {
            if (request.Key != "b" || request.Method != "GET")
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 403, "AccessDenied");
            return ScriptedOutcome.Answered;
        };
        var brought = await scene.DoAsync("warm?bucket=photos");
        Assert.Equal((2, 1), (Number(brought, "brought"), Number(brought, "failed")));
        Assert.StartsWith("photos/b: ", brought.GetProperty("problem").GetString(), StringComparison.Ordinal);
        scene.Remote.Script = null;
        Assert.Equal((1, 2), Result(await scene.DoAsync("warm?bucket=photos")));
        Assert.Equal(404, (await scene.RefusedAsync("POST", "warm?bucket=photos&key=nothing")).Status);
        Assert.Equal(400, (await scene.RefusedAsync("POST", "warm")).Status);
    }

    [Fact]
    [Trait("Rule", "E7")]
    public async Task Small_objects_that_find_no_room_on_the_disk_do_not_count_as_brought()
    {
        var disk = new SmallDisk();
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartOnDiskAsync(disk, remote.Endpoint, null,
            [("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CACHE_MIN_FREE", "0"), ("S3_OVERLAY_UNMAPPED", "show")]);
        foreach (var key in (string[])["a", "b", "c"])
        {
            remote.Put("photos", key, new byte[10_000]);
        }

        disk.Fill(proxy.Folder["data"]);
        var brought = await WarmAsync();
        Assert.Equal((0, 3, 0), (Number(brought, "brought"), Number(brought, "notCached"), Number(brought, "bytes")));
        disk.Grow();
        brought = await WarmAsync();
        Assert.Equal((3, 0, 30_000), (Number(brought, "brought"), Number(brought, "notCached"), Number(brought, "bytes")));

        async Task<JsonElement> WarmAsync()
        {
            var response = await proxy.SendAsync("POST", "/-/v1/warm?bucket=photos");
            return JsonDocument.Parse(response.Text.TrimEnd('\n').Split('\n')[^1]).RootElement;
        }
    }

    /// <summary>A whole object is one object of the store, a large one is one for each chunk.</summary>
    [Theory]
    [InlineData(1000)]
    [InlineData(3 * CacheScene.Chunk)]
    [Trait("Rule", "E7")]
    public async Task What_the_store_refuses_does_not_count_as_brought(int size)
    {
        await using var scene = await CacheScene.StartAsync(onStore: true);
        scene.Put(size, "a", "b");
        scene.Store!.Refuse = static request => request.Method == "PUT" && (request.Path.Value!.Contains("/c/", StringComparison.Ordinal)
            || request.Path.Value.Contains("/k/", StringComparison.Ordinal)) ? 403 : null;
        var brought = await scene.DoAsync("warm?bucket=photos");
        Assert.Equal((0, 2, 0), (Number(brought, "brought"), Number(brought, "notCached"), Number(brought, "bytes")));
        await scene.Proxy.WhenIdleAsync();
        scene.Store.Refuse = null;
        brought = await scene.DoAsync("warm?bucket=photos");
        Assert.Equal((2, 0), (Number(brought, "brought"), Number(brought, "notCached")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "E7")]
    public async Task A_recording_is_replayed_into_another_cache(bool onStore)
    {
        await using var scene = await CacheScene.StartAsync(onStore);
        scene.Put(4 * CacheScene.Chunk, "large");
        scene.Put(1000, "a", "b");
        await scene.Proxy.SendAsync("PUT", "/photos/b", "mine");
        var recording = string.Join('\n',
            """{"bucket":"photos","key":"a","size":1000,"etag":"\"x\""}""",
            """{"bucket":"photos","key":"large","range":"bytes=300000-300010","size":1048576,"etag":"\"x\""}""",
            """{"lost":3}""",
            """{"bucket":"photos","key":"b","size":1000,"etag":"\"x\""}""",
            """{"bucket":"photos","key":"gone","size":1000,"etag":"\"x\""}""",
            """{"done":true,"count":4}""", "");
        var planned = await scene.DoAsync("replay?dry-run=true", recording);
        Assert.Equal((2, 1000 + Block, 2), (Number(planned, "brought"), Number(planned, "bytes"), Number(planned, "absent")));
        Assert.Empty(await scene.ListAsync("cached?all=true"));
        var brought = await scene.DoAsync("replay", recording);
        Assert.Equal((2, 1000 + Block, 2), (Number(brought, "brought"), Number(brought, "bytes"), Number(brought, "absent")));
        Assert.Equal((0, 2), Result(await scene.DoAsync("replay", recording)));
        var range = await scene.Proxy.SendAsync("GET", "/photos/large", null, ("Range", "bytes=300000-300010"));
        Assert.Equal("HIT", range.Headers["x-cache"]);

        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["reads.ndjson"], recording);
        var (code, output, errors) = await scene.RunAsync("warm", "--from", folder["reads.ndjson"]);
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("Would bring 0 objects", (await scene.RunAsync("warm", "--from", folder["reads.ndjson"], "--dry-run")).Output,
            StringComparison.Ordinal);
        Assert.StartsWith("Brought 0 objects (0 bytes). 2 were cached before", output, StringComparison.Ordinal);
        (code, _, errors) = await scene.RunAsync("warm", "--from", folder["nothing"]);
        Assert.Equal(1, code);
        Assert.Contains("cannot be read", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"bucket":"photos"}""")]
    [InlineData("""{"bucket":"photos","key":"","etag":"x"}""")]
    public async Task A_file_that_is_no_recording_is_refused(string line)
    {
        await using var scene = await CacheScene.StartAsync();
        var response = await scene.Proxy.SendAsync("POST", "/-/v1/replay", line);
        Assert.Equal(400, response.Status);
        Assert.Contains("Line 1 is not of a recording", response.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Name a bucket or a recording", "warm")]
    [InlineData("Name a bucket or a recording", "warm", "photos", "--from", "x")]
    [InlineData("cannot be combined with --from", "warm", "--from", "x", "--ranges", "head:1MiB")]
    public async Task A_wrong_command_line_is_explained(string problem, params string[] line)
    {
        await using var scene = await CacheScene.StartAsync();
        var (code, _, errors) = await scene.RunAsync(line);
        Assert.Equal(2, code);
        Assert.Contains(problem, errors, StringComparison.Ordinal);
    }

    private static int Number(JsonElement of, string name) => of.GetProperty(name).GetInt32();

    private static (int Brought, int Held) Result(JsonElement of) => (Number(of, "brought"), Number(of, "held"));
}
