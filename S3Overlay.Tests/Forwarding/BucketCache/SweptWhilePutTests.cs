using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// An object that this process is uploading is not an orphan, regardless of the store's clock. A wrong clock costs no entry.
/// </summary>
public sealed class SweptWhilePutTests
{
    private readonly byte[] _bytes = EntryFilling.Bytes(250);

    [Theory, Trait("Rule", "T2")]
    [InlineData(0)]
    [InlineData(100)]
    public async Task An_entry_stored_during_a_sweep_stays_with_its_row(int chunk)
    {
        await using var bench = await StoreBench.StartAsync();
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow.AddDays(1000));
        await using var store = bench.Open(time: time);
        var instants = await StoreSteps.SweepAsync(bench.Server, FillAsync, _ => store.SweepAsync(), CheckAsync);
        Assert.True(instants > 6);

        async Task FillAsync(int run)
        {
            await store.BeginFillAsync($"key{run}", _bytes, chunk);
            while (await store.WhenIdleAsync())
            {
                time.Advance(TimeSpan.FromSeconds(2));
            }
        }

        async Task CheckAsync(int run)
        {
            await using var other = bench.Open();
            foreach (var one in (BucketCacheStore[])[store, other])
            {
                Assert.Equal(_bytes, await one.ReadAsync($"key{run}"));
            }

            Assert.Single(await bench.NamesAsync("r/"), name => name.Contains($"/key{run}!", StringComparison.Ordinal));
        }
    }

    /// <summary>
    /// A row that a crash left without its object is recognized. At that moment another process stores the object after all.
    /// </summary>
    [Theory, Trait("Rule", "T2")]
    [InlineData(0)]
    [InlineData(100)]
    public async Task An_entry_stored_between_two_calls_of_the_sweep_is_listed_or_gone(int chunk)
    {
        await using var bench = await StoreBench.StartAsync();
        await using var store = bench.Open(time: new ManualTimeProvider(DateTimeOffset.UtcNow.AddDays(1000)));
        await using var another = bench.Open();
        var instants = await StoreSteps.SweepAsync(bench.Server, _ => store.SweepAsync(), FillAsync, CheckAsync, LeaveRowAsync);
        Assert.True(instants > 6, $"{instants} instants");

        async Task FillAsync(int run)
        {
            await another.BeginFillAsync($"key{run}", _bytes, chunk);
            await another.WhenIdleAsync();
        }

        async Task LeaveRowAsync(int run)
        {
            await FillAsync(run);
            await bench.Calls.DeleteAsync(StoreBench.CacheBucket, EntryNames.Entry(new ObjectName("bucket", $"key{run}")), default);
        }

        async Task CheckAsync(int run)
        {
            await using var other = bench.Open();
            var isListed = (await bench.NamesAsync("r/")).Exists(name => name.Contains($"/key{run}!", StringComparison.Ordinal));
            Assert.True(isListed || await other.FindAsync("bucket", $"key{run}", LookupHint.Info, default) is null,
                $"A copy is left without a row in run {run}.");

            // What is left behind would make the next sweep longer, and that the one after it.
            await another.EvictAsync("bucket", $"key{run}", null, default);
            await another.WhenIdleAsync();
            await store.SweepAsync();
        }
    }
}
