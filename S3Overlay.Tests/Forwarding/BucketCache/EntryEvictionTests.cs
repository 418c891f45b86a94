using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Entries in the cache bucket stay close to their limit: the least recently used ones are evicted (rule E1).</summary>
public sealed class EntryEvictionTests : IAsyncLifetime
{
    private const int Size = 100_000;

    /// <summary>The store's: dates differ, and no proxy's time passes.</summary>
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);

    /// <summary>The clock of the proxies: while it does not move, no background work starts.</summary>
    private readonly ManualTimeProvider _proxyClock = new(DateTimeOffset.UtcNow);
    private StoreBench _bench = null!;
    private BucketCacheStore _store = null!;

    public async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync(_clock);
        _store = Open();
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Fact, Trait("Rule", "E1")]
    public async Task The_least_recently_used_entry_goes_even_if_another_proxy_used_it()
    {
        await FillAsync("one", "two", "three", "four");
        await using (var other = Open())
        {
            Assert.Equal(Size, (await other.ReadAsync("one"))!.Length);
            await other.WhenIdleAsync();
        }

        Later();
        await FillAsync("five");
        await _store.EvictAsync();
        await _store.WhenIdleAsync();
        Assert.Equal(["five", "four", "one"], await KeysAsync());
        Assert.Equal(2, _store.Evictions);
        Assert.InRange(_store.Bytes!.Value, 3 * Size, Limit);
        Assert.DoesNotContain(await _bench.NamesAsync("r/"), name => name.Contains("/two!", StringComparison.Ordinal)
            || name.Contains("/three!", StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "E1")]
    public async Task An_entry_in_chunks_counts_its_chunks_and_goes_with_them()
    {
        await _store.BeginFillAsync("chunks", EntryFilling.Bytes(3 * Size), chunkSize: 65_536);
        await IdleAsync();
        Later();
        await FillAsync("one", "two");
        await _store.EvictAsync();
        await IdleAsync();
        Assert.Equal(["one", "two"], await KeysAsync());
        Assert.Empty(await _bench.NamesAsync("k/"));
    }

    [Fact, Trait("Rule", "E1")]
    public async Task What_is_being_read_stays()
    {
        await _store.BeginFillAsync("chunks", EntryFilling.Bytes(2 * Size), chunkSize: 65_536);
        await IdleAsync();
        Later();
        await FillAsync("one", "two");
        await using (await _store.FindAsync("bucket", "chunks", LookupHint.Bytes(RangeHeader.Parse("bytes=0-1")), default))
        {
            await _store.EvictAsync();
            await IdleAsync();
            Assert.Contains("chunks", await KeysAsync());
        }
    }

    [Fact, Trait("Rule", "E1")]
    public async Task Names_without_their_key_are_resolved()
    {
        var keys = new[] { new string('k', 900), "a/b c\u00e4+%", "plain" };
        await FillAsync(keys);
        Later();
        await FillAsync("one", "two", "three");
        await _store.EvictAsync();
        await IdleAsync();
        Assert.Equal(["one", "three", "two"], await KeysAsync());
    }

    [Fact, Trait("Rule", "E1")]
    public async Task A_use_is_recorded_at_most_once_an_hour_and_forgotten_with_its_entry()
    {
        await FillAsync("one");
        for (var i = 0; i < 130; i++)
        {
            await _store.ReadAsync("one");

            // A call that is on its way while a quarter of an hour passes is refused.
            await _store.WhenIdleAsync();
            _clock.Advance(TimeSpan.FromMinutes(1));
            _proxyClock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(3, _bench.Server.Calls.Count(call => call is { Method: "PUT", Status: 200 }
            && call.Path.Contains("/u/", StringComparison.Ordinal)));
        await _store.EvictAsync("bucket", "one", null, default);
        await _store.EvictAsync();
        Assert.Single(await _bench.NamesAsync("u/"));
        _proxyClock.Advance(TimeSpan.FromDays(2));
        await _store.WhenIdleAsync();
        await _store.EvictAsync();
        Assert.Empty(await _bench.NamesAsync("u/"));
    }

    [Fact, Trait("Rule", "E1")]
    public async Task A_use_that_is_refused_since_its_signature_is_too_old_harms_no_call_after_it()
    {
        await FillAsync("one");
        var (arrived, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _bench.Server.Before = call => call.Path.Contains("/u/", StringComparison.Ordinal) && arrived.TrySetResult() ? goOn.Task
            : Task.CompletedTask;
        Assert.NotNull(await _store.ReadAsync("one"));
        await arrived.Task.WaitAsync(Patience.Limit);
        _clock.Advance(TimeSpan.FromMinutes(16));
        goOn.SetResult();
        await _store.WhenIdleAsync();
        Assert.Contains(_bench.Server.Calls, call => call.Status == 403);
        Assert.NotNull(await _store.ReadAsync("one"));
    }

    [Fact, Trait("Rule", "E1")]
    public async Task It_happens_by_itself_once_much_was_put()
    {
        await FillAsync("one", "two", "three", "four", "five");
        await _proxyClock.RunToLimitAsync(UntilAsync(() => _store.Evictions >= 2));
        Assert.Equal(3, (await KeysAsync()).Count);
    }

    [Fact, Trait("Rule", "E1")]
    public async Task Without_a_bound_nothing_is_noted()
    {
        await using var unbound = _bench.Open(time: _proxyClock);
        await unbound.FillAsync("one", EntryFilling.Bytes(Size));
        await unbound.ReadAsync("one");
        await unbound.WhenIdleAsync();
        Assert.Empty(await _bench.NamesAsync("u/"));
        Assert.Null(unbound.Bytes);
    }

    private static long Limit => (3 * Size) + 20_000;

    private static async Task<bool> UntilAsync(Func<bool> isSo)
    {
        await Patience.UntilAsync(isSo, "The condition never became true.");
        return true;
    }

    private BucketCacheStore Open() => _bench.Open(time: _proxyClock, maxBytes: Limit);

    private void Later() => _clock.Advance(TimeSpan.FromMinutes(2));

    /// <summary>Finishes once nothing is on its way, manifests included, which wait for their time.</summary>
    private async Task IdleAsync()
    {
        while (await _store.WhenIdleAsync())
        {
            _proxyClock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private async Task FillAsync(params string[] keys)
    {
        foreach (var key in keys)
        {
            await _store.FillAsync(key, EntryFilling.Bytes(Size));
            Later();
        }
    }

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var row in _store.ListAsync("bucket", "", "", default))
        {
            keys.Add(row.Key);
        }

        return keys;
    }
}
