using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// An entry is evicted and filled again while work on the previous one is unfinished: what is filled after the eviction stays (rule C3).
/// </summary>
public sealed class FilledAgainTests
{
    private const int Chunk = 100;

    private readonly byte[] _bytes = EntryFilling.Bytes(250);
    private readonly ManualTimeProvider _time = new();

    [Fact, Trait("Rule", "C3")]
    public async Task A_delayed_manifest_takes_nothing_of_the_next_entry()
    {
        await using var bench = await StoreBench.StartAsync();
        await using var store = bench.Open(time: _time);
        await using (var copy = await store.CreateAsync("bucket", "key", EntryFilling.Identity("key", Chunk), EntryFilling.Info(_bytes),
            _time.GetUtcNow(), default))
        {
            await copy.WriteAsync(0, _bytes.AsMemory(0, Chunk), default);
            await store.WhenIdleAsync();
            await copy.WriteAsync(Chunk, _bytes.AsMemory(Chunk), default);
            Assert.True(await store.WhenIdleAsync(), "No manifest waits for its time.");
        }

        await store.EvictAsync("bucket", "key", null, default);
        await store.WhenIdleAsync();
        await store.BeginFillAsync("key", _bytes, Chunk);
        await SettleAsync(store);
        await CheckAsync(bench, store, "key");
    }

    [Theory, Trait("Rule", "C3")]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(Chunk, false)]
    [InlineData(Chunk, true)]
    public async Task An_entry_filled_after_an_eviction_between_any_two_calls_of_the_previous_fill_stays(int chunk, bool onlyItsVersion)
    {
        await using var bench = await StoreBench.StartAsync();
        await using var store = bench.Open(time: _time);
        var again = Task.CompletedTask;
        var instants = await StoreSteps.SweepAsync(bench.Server, FillAsync, EvictAndFillAsync, CheckRunAsync);
        Assert.True(instants > 6, $"{instants} instants");

        async Task FillAsync(int run)
        {
            await store.BeginFillAsync($"key{run}", _bytes, chunk);
            await SettleAsync(store);
        }

        // The eviction may wait for the interrupted call, so the call continues as soon as the eviction has begun.
        Task EvictAndFillAsync(int run)
        {
            again = EvictThenFillAsync(run);
            return Task.CompletedTask;
        }

        async Task EvictThenFillAsync(int run)
        {
            await store.EvictAsync("bucket", $"key{run}", onlyItsVersion ? EntryFilling.Info(_bytes).ETag : null, default);
            await store.BeginFillAsync($"key{run}", _bytes, chunk);
        }

        async Task CheckRunAsync(int run)
        {
            await again;
            await SettleAsync(store);
            await CheckAsync(bench, store, $"key{run}");
        }
    }

    private async Task SettleAsync(BucketCacheStore store)
    {
        while (await store.WhenIdleAsync())
        {
            _time.Advance(TimeSpan.FromSeconds(2));
        }
    }

    private async Task CheckAsync(StoreBench bench, BucketCacheStore store, string key)
    {
        await using var other = bench.Open();
        foreach (var any in (BucketCacheStore[])[store, other])
        {
            Assert.Equal(_bytes, await any.ReadAsync(key));
        }

        Assert.Single(await bench.NamesAsync("r/"), name => name.Contains($"/{key}!/", StringComparison.Ordinal));
    }
}
