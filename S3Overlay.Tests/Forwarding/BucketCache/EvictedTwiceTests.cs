using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// An entry in chunks is evicted twice at the same time. Each eviction reports success only once the entry is out of the store, where other
/// proxies look for it (rule T2), or reports failure.
/// </summary>
public sealed class EvictedTwiceTests
{
    /// <summary>Enough time for a second eviction that does not wait for the first, which is delayed for it.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    /// <summary>One chunk: its manifest is written once, and nothing is on its way after that.</summary>
    private readonly byte[] _bytes = EntryFilling.Bytes(80);

    [Fact, Trait("Rule", "T2")]
    public async Task No_reader_finds_it_once_either_eviction_is_over()
    {
        await using var bench = await StoreBench.StartAsync();
        await using var store = bench.Open(proxies: 2);
        await using var other = bench.Open(proxies: 2);
        var second = Task.CompletedTask;
        var instants = await StoreSteps.SweepAsync(
            bench.Server,
            run => EvictAsync(store, run),
            run =>
            {
                second = EvictAndLookAsync(run);
                return Task.WhenAny(second, Task.Delay(Moment));
            },
            _ => second,
            run => HoldAsync(store, run));
        Assert.True(instants > 6, $"Only {instants} instants.");

        async Task EvictAndLookAsync(int run)
        {
            await EvictAsync(store, run);
            await using var found = await other.FindAsync("bucket", $"key{run}", LookupHint.Info, default);
            Assert.True(found is null, $"It is found in run {run}.");
        }
    }

    [Fact, Trait("Rule", "T2"), Trait("Rule", "F")]
    public async Task Neither_eviction_succeeds_if_the_store_keeps_it()
    {
        await using var bench = await StoreBench.StartAsync();
        await using var store = bench.Open();
        await HoldAsync(store, 0);
        var (arrived, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        bench.Server.Refuse = static request => request.Method == "DELETE" ? 403 : null;
        bench.Server.Before = call => call.Method == "DELETE" && arrived.TrySetResult() ? goOn.Task : Task.CompletedTask;
        var first = EvictAsync(store, 0);
        await arrived.Task.WaitAsync(Patience.Limit);
        var second = EvictAsync(store, 0);
        goOn.SetResult();
        foreach (var drop in (Task[])[first, second])
        {
            await Assert.ThrowsAnyAsync<IOException>(() => drop.WaitAsync(Patience.Limit));
        }
    }

    private static Task EvictAsync(BucketCacheStore store, int run) => store.EvictAsync("bucket", $"key{run}", null, default).AsTask();

    private async Task HoldAsync(BucketCacheStore store, int run)
    {
        await store.BeginFillAsync($"key{run}", _bytes, 100);
        await store.WhenIdleAsync();
    }
}
