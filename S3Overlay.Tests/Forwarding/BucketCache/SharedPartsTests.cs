using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// Two proxies add blocks to one chunk of a store, one of them at each instant between two calls of the other. No read shows other bytes
/// than the remote's; where the store judges conditions, no block is lost.
/// </summary>
[Trait("Rule", "C1"), Trait("Rule", "R7")]
public sealed class SharedPartsTests : IAsyncLifetime
{
    private const int Block = 64 << 10;
    private const int Chunk = 6 * Block;

    private readonly byte[] _bytes = EntryFilling.Bytes(2 * Chunk);
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private StoreBench _bench = null!;
    private BucketCacheStore _one = null!;
    private BucketCacheStore _two = null!;

    public async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync();
        (_one, _two) = (_bench.Open(time: _time, proxies: 2), _bench.Open(time: _time, proxies: 2));
    }

    public async Task DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Both_add_blocks(bool judges, bool isCompleted)
    {
        _bench.Abilities = judges ? Judging : null;
        int[] others = isCompleted ? [0, 1, 2, 3, 4, 5] : [1, 4];
        var instants = await StoreSteps.SweepAsync(
            _bench.Server,
            run => AddAsync(_one, run, 3),
            run => AddAsync(_two, run, others),
            async run =>
            {
                await SettleAsync(_one);
                await SettleAsync(_two);
                await using var fresh = _bench.Open(time: _time, proxies: 2);
                foreach (var store in (BucketCacheStore[])[fresh, _one, _two])
                {
                    var held = await HeldAsync(store, run);
                    Assert.True(!judges || held.IsSupersetOf([0, 3, .. others]), $"{string.Join(',', held)} in run {run}");
                    Assert.NotEmpty(held);
                }
            },
            async run =>
            {
                await AddAsync(_one, run, 0);
                await using var found = await _two.FindAsync("bucket", $"key{run}", LookupHint.Info, default);
                Assert.NotNull(found);
            });
        Assert.True(instants > 8, $"Only {instants} instants.");
    }

    /// <summary>The reader has the map of the smaller object. What it requests is somewhere else in the larger one.</summary>
    [Fact]
    public async Task A_part_is_rewritten_while_another_proxy_reads_it()
    {
        _bench.Abilities = Judging;
        var instants = await StoreSteps.SweepAsync(
            _bench.Server,
            async run =>
            {
                foreach (var block in (int[])[4, 2])
                {
                    Assert.Equal(_bytes[(block * Block)..((block + 1) * Block)],
                        await _two.ReadAsync($"key{run}", $"bytes={block * Block}-{((block + 1) * Block) - 1}"));
                }
            },
            run => AddAsync(_one, run, 0, 1, 3),
            async run =>
            {
                Assert.True((await HeldAsync(_two, run)).IsSupersetOf([2, 4]));
                await using var fresh = _bench.Open(time: _time, proxies: 2);
                Assert.True((await HeldAsync(fresh, run)).SetEquals([0, 1, 2, 3, 4]));
            },
            async run =>
            {
                await AddAsync(_one, run, 2, 4);
                await using var found = await _two.FindAsync("bucket", $"key{run}", LookupHint.Info, default);
                Assert.NotNull(found);
            });
        Assert.True(instants > 3, $"Only {instants} instants.");
    }

    [Theory, Trait("Rule", "E3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_entry_that_the_other_evicts_is_not_found_though_blocks_of_it_wait(bool isRead)
    {
        await AddAsync(_one, 0, 1);
        await FillAsync(_one, 0, 2);
        await using var reading = isRead ? await _one.FindAsync("bucket", "key0", LookupHint.Info, default) : null;
        await _one.WhenIdleAsync();
        await _two.EvictAsync("bucket", "key0", null, default);
        Assert.Null(await _one.ReadAsync("key0", $"bytes={2 * Block}-{(3 * Block) - 1}"));
        await SettleAsync(_one);
        Assert.DoesNotContain(await _bench.NamesAsync("c/"), static name => name.Contains("key0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Blocks_that_the_other_has_stored_since_take_no_room()
    {
        _bench.Abilities = Judging;
        var spool = _bench.Spool();
        await using var one = _bench.Open(spool, _time, proxies: 2);
        await AddAsync(one, 0, 0);
        await FillAsync(one, 0, 2);
        await FillAsync(_two, 0, 1, 2, 3, 4, 5);
        await _two.WhenIdleAsync();
        Assert.Contains(0, await HeldAsync(one, 0));
        await SettleAsync(one);
        Assert.Equal(0, spool.Used);
        Assert.Equal(6, (await HeldAsync(one, 0)).Count);
    }

    private static StoreCapabilities Judging => new() { Conditions = new() { PutsIfMatch = true, PutsIfNew = true } };

    private async Task AddAsync(BucketCacheStore store, int run, params int[] blocks)
    {
        await FillAsync(store, run, blocks);
        await SettleAsync(store);
    }

    private async Task FillAsync(BucketCacheStore store, int run, params int[] blocks)
    {
        var key = $"key{run}";
        await using var copy = await store.FindAsync("bucket", key, LookupHint.Info, default)
            ?? await store.CreateAsync("bucket", key, EntryFilling.Identity(key, Chunk), EntryFilling.Info(_bytes), _time.GetUtcNow(),
                default);
        foreach (var block in blocks)
        {
            await copy.WriteAsync(block * Block, _bytes.AsMemory(block * Block, Block), default);
        }
    }

    /// <summary>The blocks of the first chunk that can be read, all of which have the right bytes.</summary>
    private async Task<HashSet<int>> HeldAsync(BucketCacheStore store, int run)
    {
        var held = new HashSet<int>();
        for (var block = 0; block < 6; block++)
        {
            var read = await store.ReadAsync($"key{run}", $"bytes={block * Block}-{((block + 1) * Block) - 1}");
            if (read is { Length: > 0 })
            {
                Assert.True(read.AsSpan().SequenceEqual(_bytes.AsSpan(block * Block, Block)), $"Block {block} of run {run}.");
                held.Add(block);
            }
        }

        return held;
    }

    private async Task SettleAsync(BucketCacheStore store)
    {
        while (await store.WhenIdleAsync())
        {
            _time.Advance(TimeSpan.FromSeconds(30));
        }
    }
}
