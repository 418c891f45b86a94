using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Costs;

/// <summary>The number of store calls per request over a remote store, counted through a whole proxy that knows the bucket.</summary>
public sealed class StoreCostTests : IAsyncLifetime
{
    private const string Large = "large";

    private readonly byte[] _large = new byte[900_000];
    private StoreScene _scene = null!;

    public async Task InitializeAsync()
    {
        _scene = await StoreScene.StartAsync(
            true, ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "512KiB"), ("S3_OVERLAY_CHUNK_SIZE", "128KiB"),
            ("S3_OVERLAY_READ_AHEAD_BYTES", "0"));
        new Random(1).NextBytes(_large);
        _scene.Remote.Put("bucket", "small", "of the remote"u8.ToArray());
        _scene.Remote.Put("bucket", Large, _large);
        Assert.Equal(200, (await _scene.Proxy.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await _scene.Proxy.SendAsync("PUT", "/bucket/written", "v")).Status);
        Assert.Equal(204, (await _scene.Proxy.SendAsync("DELETE", "/bucket/the-first-makes-the-cache-bucket")).Status);
        await ReadAsync("GET", "absent");
        await SettleAsync();
    }

    public async Task DisposeAsync() => await _scene.DisposeAsync();

    [Theory, Trait("Rule", "R1")]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task A_written_object_is_one_call_and_none_of_the_remote(string method)
    {
        Assert.Equal(200, (await _scene.Proxy.SendAsync(method, "/bucket/written")).Status);
        Assert.Equal([$"{method} key"], Calls());
        Assert.Equal(0, RemoteCalls());
    }

    [Theory, Trait("Rule", "R2")]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task A_deleted_key_costs_the_remote_nothing(string method)
    {
        Assert.Equal(204, (await _scene.Proxy.SendAsync("DELETE", "/bucket/small")).Status);
        await SettleAsync();
        Assert.Equal(404, (await _scene.Proxy.SendAsync(method, "/bucket/small")).Status);
        Assert.Equal([$"{method} key", "HEAD t"], CallsForTheClient());
        Assert.Equal(0, RemoteCalls());
    }

    [Theory, Trait("Rule", "R3")]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task A_cached_object_is_three_calls_in_two_round_trips(string method)
    {
        await ReadAsync("GET", "small");
        await SettleAsync();
        var both = Meeting(2, "t", "c");
        var hit = await _scene.Proxy.SendAsync(method, "/bucket/small");
        Assert.Equal((200, "HIT"), (hit.Status, hit.Headers["x-cache"]));
        Assert.True(both.IsCompleted);
        Assert.Equal([$"{method} c", $"{method} key", "HEAD t"], Calls().Order());
        Assert.Equal($"{method} key", Calls()[0]);
        Assert.Equal(0, RemoteCalls());
    }

    [Fact, Trait("Rule", "R5")]
    public async Task A_range_of_a_cached_chunk_is_three_calls_in_two_round_trips()
    {
        await ReadAsync("GET", Large);
        await SettleAsync();
        var both = Meeting(2, "t", "k");
        var hit = await RangeAsync("bytes=300000-300099");
        Assert.Equal((206, "HIT"), (hit.Status, hit.Headers["x-cache"]));
        Assert.Equal(_large[300_000..300_100], hit.Body);
        Assert.True(both.IsCompleted);
        Assert.Equal(["GET k", "GET key", "HEAD t"], Calls().Order());
        Assert.Equal(0, RemoteCalls());
    }

    [Theory, Trait("Rule", "R10")]
    [InlineData("small", null)]
    [InlineData(Large, null)]
    [InlineData(Large, "bytes=300000-300099")]
    public async Task A_miss_adds_the_remotes_one_call_and_no_other_before_the_first_byte(string key, string? range)
    {
        List<string>? before = null;
        var both = Meeting(2, "t", "c");
        _scene.Remote.Script = (_, _) =>
        {
            before ??= Calls();
            return Task.FromResult(ScriptedOutcome.AsUsual);
        };
        var cold = range is null ? await _scene.Proxy.SendAsync("GET", "/bucket/" + key) : await RangeAsync(range);
        Assert.Equal("MISS", cold.Headers["x-cache"]);
        Assert.True(both.IsCompleted);
        Assert.Equal(["GET c", "GET key", "HEAD t"], before!.Order());
        Assert.InRange(RemoteCalls(), 1, range is null ? 1 : 2);
    }

    [Fact, Trait("Rule", "R4")]
    public async Task A_head_of_an_uncached_object_is_three_calls_and_one_of_the_remote()
    {
        Assert.Equal(200, (await _scene.Proxy.SendAsync("HEAD", "/bucket/small")).Status);
        Assert.Equal(["HEAD c", "HEAD key", "HEAD t"], Calls().Order());
        Assert.Equal(["HEAD"], _scene.Remote.Requests.Skip(_asked).Select(request => request.Method));
    }

    [Fact, Trait("Rule", "L2")]
    public async Task A_page_is_one_list_of_each_kind_of_rows_while_the_remote_is_asked()
    {
        await ReadAsync("GET", "small");
        await _scene.Proxy.SendAsync("DELETE", "/bucket/" + Large);
        await SettleAsync();
        var local = Meeting(3, "bucket", "list t", "list r");
        _scene.Remote.Script = async (_, _) =>
        {
            // The remote is slow. All local requests finish before it.
            await local.WaitAsync(Patience.Limit);
            return ScriptedOutcome.AsUsual;
        };
        var page = await _scene.Proxy.SendAsync("GET", "/bucket?list-type=2");
        Assert.Contains("<Key>small</Key>", page.Text);
        Assert.Contains("<Key>written</Key>", page.Text);
        Assert.DoesNotContain("<Key>large</Key>", page.Text);
        Assert.Equal(["GET bucket", "GET list r", "GET list t"], Calls()
            .Where(call => call.Contains("list", StringComparison.Ordinal) || call.Contains("bucket", StringComparison.Ordinal)).Order());
        Assert.Equal(1, RemoteCalls());
    }

    [Theory, Trait("Rule", "W2")]
    [InlineData(10)]
    [InlineData(200_000)]
    public async Task A_put_of_a_key_that_was_read_or_written_here_is_one_call(int size)
    {
        await ReadAsync("GET", "small");
        for (var i = 0; i < 2; i++)
        {
            await SettleAsync();
            Assert.Equal(200, (await _scene.Proxy.SendAsync("PUT", "/bucket/small", new string('x', size))).Status);
            Assert.Equal(["PUT key"], CallsForTheClient());
            Assert.Equal(0, RemoteCalls());
        }
    }

    [Theory, Trait("Rule", "P1")]
    [InlineData(10)]
    [InlineData(200_000)]
    public async Task A_put_of_an_unknown_key_looks_once_at_what_the_store_recorded_of_it(int size)
    {
        var both = Meeting(2, "t", "key");
        Assert.Equal(200, (await _scene.Proxy.SendAsync("PUT", "/bucket/new", new string('x', size))).Status);
        Assert.True(both.IsCompleted);
        Assert.Equal(["GET t", "HEAD key", "PUT key"], CallsForTheClient().Order());
        Assert.Equal("PUT key", CallsForTheClient()[^1]);
        Assert.Equal(0, RemoteCalls());
    }

    [Fact, Trait("Rule", "D1")]
    public async Task A_delete_of_a_key_that_was_read_here_is_two_calls_one_after_the_other()
    {
        await ReadAsync("GET", "small");
        await SettleAsync();
        Assert.Equal(204, (await _scene.Proxy.SendAsync("DELETE", "/bucket/small")).Status);
        Assert.Equal(["PUT t", "DELETE key"], CallsForTheClient());
        Assert.Equal(0, RemoteCalls());
    }

    private int _asked;

    private int RemoteCalls() => _scene.Remote.Requests.Count - _asked;

    private Task<RawResponse> RangeAsync(string range) => _scene.Proxy.SendAsync("GET", "/bucket/" + Large, null, ("Range", range));

    private async Task ReadAsync(string method, string key) => await _scene.Proxy.SendAsync(method, "/bucket/" + key);

    private async Task SettleAsync()
    {
        await _scene.Proxy.WhenIdleAsync();
        _scene.Store.ForgetCalls();
        _asked = _scene.Remote.Requests.Count;
    }

    /// <summary>
    /// Holds calls of some kinds until the given number of them run at the same time. A proxy that makes them one after the other never
    /// gets there.
    /// </summary>
    private Task Meeting(int count, params string[] kinds)
    {
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var there = 0;
        _scene.Store.Before = async call =>
        {
            if (kinds.Contains(KindOf(call)))
            {
                if (Interlocked.Increment(ref there) >= count)
                {
                    all.TrySetResult();
                }

                // Rows that a client wrote are read before tombstones: there, having come is enough.
                if (!KindOf(call).Contains("list", StringComparison.Ordinal) && KindOf(call) != "bucket")
                {
                    await all.Task.WaitAsync(Patience.Limit);
                }
            }
        };
        return all.Task;
    }

    private List<string> Calls() => [.. _scene.Store.Calls.Select(call => $"{call.Method} {KindOf(call)}")];

    /// <summary>Without what cleans up behind the client's back.</summary>
    private List<string> CallsForTheClient() =>
        [.. Calls().Where(call => call.EndsWith(" key", StringComparison.Ordinal) || call.EndsWith(" t", StringComparison.Ordinal)
        || call.EndsWith("bucket", StringComparison.Ordinal))];

    private static string KindOf(StoreCall call)
    {
        if (!call.Path.StartsWith("/s3-overlay-cache", StringComparison.Ordinal))
        {
            return call.Path.Count(c => c == '/') == 1 ? "bucket" : "key";
        }

        var name = call.Path["/s3-overlay-cache".Length..].TrimStart('/');
        if (name.Length > 0)
        {
            return name[..1];
        }

        var prefix = call.Query.IndexOf("prefix=", StringComparison.Ordinal);
        var listed = prefix < 0 ? "" : Uri.UnescapeDataString(call.Query[(prefix + "prefix=".Length)..].Split('&')[0]);

        // Lists of one key's entries come from the clean-up.
        return listed is "t/bucket/" or "r/bucket/" ? "list " + listed[..1] : "cleaning";
    }
}
