using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// An entry is looked up before or during its eviction. What was found is read to its end, but is neither remembered nor filled and stored
/// again (rule C3).
/// </summary>
public sealed class EvictedWhileFoundTests
{
    /// <summary>An entry in chunks is remembered. A whole entry is read from the store by each lookup.</summary>
    public static TheoryData<string, string, bool, long> Moments()
    {
        var moments = new TheoryData<string, string, bool, long>();
        foreach (var chunkSize in (long[])[0, 8])
        {
            moments.Add("DELETE", "/c/", true, chunkSize);
            moments.Add("DELETE", "/c/", false, chunkSize);
            moments.Add("DELETE", "/r/", true, chunkSize);
            moments.Add("HEAD", "/c/", true, chunkSize);
            moments.Add("GET", "list-type", true, chunkSize);
        }

        return moments;
    }

    [Theory, Trait("Rule", "C3"), MemberData(nameof(Moments))]
    public async Task What_is_found_while_it_goes_is_not_found_again(string method, string kind, bool isBefore, long chunkSize)
    {
        var bytes = EntryFilling.Bytes(40);
        await using var bench = await StoreBench.StartAsync();
        await using (var filling = bench.Open())
        {
            await filling.BeginFillAsync("key", bytes, chunkSize);
            await filling.WhenIdleAsync();
        }

        await using var store = bench.Open();
        var (arrived, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        Task Gate(StoreCall call)
        {
            if (call.Method == method && (call.Path + "?" + call.Query).Contains(kind, StringComparison.Ordinal) && arrived.TrySetResult())
            {
                return goOn.Task;
            }

            return Task.CompletedTask;
        }

        if (isBefore)
        {
            bench.Server.Before = Gate;
        }
        else
        {
            bench.Server.After = Gate;
        }

        var dropping = store.EvictAsync("bucket", "key", null, default).AsTask();
        await arrived.Task.WaitAsync(Patience.Limit);
        await using var found = await store.FindAsync("bucket", "key", LookupHint.Info, default);
        goOn.SetResult();
        await dropping;
        await store.WhenIdleAsync();
        Assert.Null(await store.FindAsync("bucket", "key", LookupHint.Info, default));
        Assert.Null(await store.ReadAsync("key"));
        if (found is not null)
        {
            await AssertDoesNotComeBackAsync(bench, store, found, bytes);
        }
    }

    [Theory, Trait("Rule", "C3")]
    [InlineData(0, false, false)]
    [InlineData(0, true, false)]
    [InlineData(0, true, true)]
    [InlineData(8, false, false)]
    [InlineData(8, true, false)]
    [InlineData(8, true, true)]
    public async Task What_was_found_before_it_goes_is_not_filled_and_put_again(long chunkSize, bool isFound, bool isReplaced)
    {
        var bytes = EntryFilling.Bytes(40);
        await using var bench = await StoreBench.StartAsync();
        await using var store = bench.Open();
        await using var filled = await store.CreateAsync("bucket", "key", EntryFilling.Identity("key", chunkSize), EntryFilling.Info(bytes),
            default, default);
        await filled.WriteAsync(0, bytes, default);
        await filled.CompleteAsync(default);
        await store.WhenIdleAsync();
        await using var copy = isFound ? await store.FindAsync("bucket", "key", LookupHint.Info, default) : null;
        if (isReplaced)
        {
            var newer = EntryFilling.Bytes(30, 2);
            await store.BeginFillAsync("key", newer, chunkSize);
            await store.WhenIdleAsync();
            await FillAgainAsync(store, copy!, bytes);
            Assert.Equal(newer, await store.ReadAsync("key"));
            return;
        }

        await store.EvictAsync("bucket", "key", null, default);
        await store.WhenIdleAsync();
        await AssertDoesNotComeBackAsync(bench, store, copy ?? filled, bytes);
    }

    /// <summary>A lookup finds the entry before it is evicted, and the key is filled again while the eviction is still running.</summary>
    [Theory, Trait("Rule", "C3"), Trait("Rule", "E3")]
    [InlineData(0)]
    [InlineData(8)]
    public async Task What_is_found_while_it_goes_and_filled_again_at_once_is_not_put_again(long chunkSize)
    {
        var bytes = EntryFilling.Bytes(40);
        await using var bench = await StoreBench.StartAsync();
        await using (var filling = bench.Open())
        {
            await filling.BeginFillAsync("key", bytes, chunkSize);
            await filling.WhenIdleAsync();
        }

        await using var store = bench.Open();
        ICacheEntry? found = null;
        bench.Server.Before = async call =>
        {
            if (call.Method == "DELETE" && call.Path.Contains("/c/", StringComparison.Ordinal))
            {
                bench.Server.Before = null;
                found = await store.FindAsync("bucket", "key", LookupHint.Info, default);
            }
        };
        bench.Server.After = async call =>
        {
            if (call.Method == "DELETE" && call.Path.Contains("/c/", StringComparison.Ordinal))
            {
                bench.Server.After = null;
                await found!.ReadAllAsync(new ByteRange(0, bytes.Length - 1));
                await found!.WriteAsync(0, bytes, default);
                await found!.CompleteAsync(default);
            }
        };
        await store.EvictAsync("bucket", "key", null, default).AsTask().WaitAsync(Patience.Limit);
        await store.WhenIdleAsync();
        Assert.NotNull(found);
        await using var copy = found;
        await AssertDoesNotComeBackAsync(bench, store, copy, bytes);
    }

    /// <summary>
    /// Its bytes can only go into the shared spool. Half of that is left to others, as for an entry that is known to be
    /// evicted.
    /// </summary>
    [Fact, Trait("Rule", "C1"), Trait("Rule", "R7")]
    public async Task What_was_found_before_it_goes_takes_no_more_than_half_of_the_spool()
    {
        var bytes = EntryFilling.Bytes(1000);
        await using var bench = await StoreBench.StartAsync();
        await using (var filling = bench.Open())
        await using (var part = await filling.CreateAsync("bucket", "key", EntryFilling.Identity("key", 100), EntryFilling.Info(bytes),
            default, default))
        {
            await part.WriteAsync(0, bytes.AsMemory(0, 100), default);
            await filling.WhenIdleAsync();
        }

        await using var store = bench.Open(bench.Spool(800));
        bench.Server.After = async call =>
        {
            if (call.Method == "GET" && call.Path.Contains("/c/", StringComparison.Ordinal))
            {
                bench.Server.After = null;
                await store.EvictAsync("bucket", "key", null, default);
            }
        };
        await using var copy = await store.FindAsync("bucket", "key", LookupHint.Bytes(null), default);
        Assert.NotNull(copy);
        var written = 100;
        for (; written < bytes.Length && copy.MayGrow; written += 100)
        {
            await copy.WriteAsync(written, bytes.AsMemory(written, 100), default);
            await store.WhenIdleAsync();
        }

        Assert.InRange(written, 500, 700);
    }

    /// <summary>
    /// A lookup finds that the store lacks a chunk of the entry that it knew. Before that, the store refused to remove the entry.
    /// </summary>
    [Fact, Trait("Rule", "F")]
    public async Task What_is_found_incomplete_while_its_removal_is_refused_is_removed_later()
    {
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var bench = await StoreBench.StartAsync();
        await using var store = bench.Open(time: time);
        await store.BeginFillAsync("key", EntryFilling.Bytes(8), 8);
        await store.WhenIdleAsync();
        var chunk = Assert.Single(await bench.NamesAsync("k/"));
        await bench.Calls.DeleteAsync(StoreBench.CacheBucket, chunk, default);
        bench.Server.Before = async call =>
        {
            if (call.Method == "GET" && call.Path.Contains("/k/", StringComparison.Ordinal))
            {
                bench.Server.Before = null;
                bench.Server.Refuse = static request => request.Method == "DELETE" ? 403 : null;
                await Assert.ThrowsAnyAsync<IOException>(() => store.EvictAsync("bucket", "key", null, default).AsTask());
            }
        };
        Assert.Null(await store.FindAsync("bucket", "key", LookupHint.Bytes(null), default));
        Assert.Null(bench.Server.Before);
        Assert.Null(await store.FindAsync("bucket", "key", LookupHint.Bytes(null), default));
        bench.Server.Refuse = null;
        while (await store.WhenIdleAsync())
        {
            time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Empty(await bench.NamesAsync("c/"));
    }

    private static async Task AssertDoesNotComeBackAsync(StoreBench bench, BucketCacheStore store, ICacheEntry copy, byte[] bytes)
    {
        await FillAgainAsync(store, copy, bytes);
        Assert.Null(await store.FindAsync("bucket", "key", LookupHint.Info, default));
        Assert.Empty(await bench.NamesAsync("c/"));
        Assert.Empty(await bench.NamesAsync("r/"));
    }

    /// <summary>Bytes that a reader finds missing come from the remote, as with a damaged entry.</summary>
    private static async Task FillAgainAsync(BucketCacheStore store, ICacheEntry copy, byte[] bytes)
    {
        await copy.ReadAllAsync(new ByteRange(0, bytes.Length - 1));
        Assert.False(copy.IsCurrent);
        await copy.WriteAsync(0, bytes, default);
        await copy.CompleteAsync(default);
        await store.WhenIdleAsync();
    }
}
