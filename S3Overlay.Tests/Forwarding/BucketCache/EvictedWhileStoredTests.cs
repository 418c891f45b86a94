using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// An entry in chunks is evicted while more chunks are on their way to the store. It is not found again
/// (rule C3).
/// </summary>
public sealed class EvictedWhileStoredTests
{
    private const int Chunk = 100;

    private readonly byte[] _bytes = EntryFilling.Bytes(250);

    [Theory, Trait("Rule", "C3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_entry_evicted_between_any_two_calls_is_gone(bool onlyItsVersion)
    {
        await using var bench = await StoreBench.StartAsync();
        var time = new ManualTimeProvider();
        await using var store = bench.Open(time: time);
        var etag = onlyItsVersion ? EntryFilling.Info(_bytes).ETag : null;
        var dropping = Task.CompletedTask;
        var instants = await StoreSteps.SweepAsync(bench.Server, AddAsync, EvictAsync, CheckAsync, HoldOneAsync);
        Assert.True(instants > 10);

        async Task HoldOneAsync(int run)
        {
            var key = $"key{run}";
            await using (var copy = await store.CreateAsync("bucket", key, EntryFilling.Identity(key, Chunk), EntryFilling.Info(_bytes),
                time.GetUtcNow(), default))
            {
                await copy.WriteAsync(0, _bytes.AsMemory(0, Chunk), default);
            }

            await SettleAsync();
        }

        async Task AddAsync(int run)
        {
            await using (var copy = await store.FindAsync("bucket", $"key{run}", LookupHint.Info, default))
            {
                if (copy is not null)
                {
                    await copy.WriteAsync(Chunk, _bytes.AsMemory(Chunk), default);
                }
            }

            await SettleAsync();
        }

        // The eviction may wait for the interrupted call, so the call continues as soon as the eviction has begun.
        Task EvictAsync(int run)
        {
            dropping = store.EvictAsync("bucket", $"key{run}", etag, default).AsTask();
            return Task.CompletedTask;
        }

        async Task CheckAsync(int run)
        {
            await dropping;
            await SettleAsync();
            Assert.Null(await store.FindAsync("bucket", $"key{run}", LookupHint.Info, default));
            await using var other = bench.Open();
            Assert.Null(await other.FindAsync("bucket", $"key{run}", LookupHint.Info, default));
            Assert.DoesNotContain(await bench.NamesAsync("r/"), name => name.Contains($"key{run}/", StringComparison.Ordinal));
        }

        async Task SettleAsync()
        {
            while (await store.WhenIdleAsync())
            {
                time.Advance(TimeSpan.FromSeconds(2));
            }
        }
    }
    /// <summary>
    /// There is no store call to pause at between the end of a PUT and its bookkeeping. So the test keeps the list of entries busy, and
    /// callers queue for it.
    /// </summary>
    [Fact, Trait("Rule", "C3"), Trait("Rule", "E1")]
    public async Task The_first_chunk_of_an_entry_evicted_as_it_arrives_is_not_left_behind()
    {
        await using var bench = await StoreBench.StartAsync();
        await using var store = bench.Open();
        var others = await Task.WhenAll(Enumerable.Range(0, 5000).Select(async other => await CreateAsync(store, $"other{other}")));
        using var isOver = new CancellationTokenSource();
        var busy = Task.Run(async () =>
        {
            while (!isOver.IsCancellationRequested)
            {
                await store.ListAsync("bucket", "", "", default).CountAsync();
            }
        });
        for (var round = 0; round < 60; round++)
        {
            var key = $"key{round}";
            var dropping = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using (var copy = await CreateAsync(store, key))
            {
                bench.Server.After = call =>
                {
                    if (call.Method == "PUT" && call.Path.Contains("/k/", StringComparison.Ordinal))
                    {
                        bench.Server.After = null;
                        dropping.SetResult(Task.Run(async () =>
                        {
                            copy.TryWithdraw();
                            await store.EvictAsync("bucket", key, null, default);
                        }));
                    }

                    return Task.CompletedTask;
                };
                await copy.WriteAsync(0, _bytes.AsMemory(0, Chunk), default);
                await (await dropping.Task.WaitAsync(Patience.Limit)).WaitAsync(Patience.Limit);
            }

            await store.WhenIdleAsync();
        }

        await isOver.CancelAsync();
        await busy;
        Assert.Empty(await bench.NamesAsync("k/"));
        foreach (var other in others)
        {
            await other.DisposeAsync();
        }
    }

    private ValueTask<ICacheEntry> CreateAsync(BucketCacheStore store, string key) =>
        store.CreateAsync("bucket", key, EntryFilling.Identity(key, Chunk), EntryFilling.Info(_bytes), DateTimeOffset.UtcNow, default);
}
