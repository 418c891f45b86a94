using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Chunks of which the store has some blocks. Here they have ten, the last of which is short.</summary>
public sealed class PartialChunkTests : IAsyncLifetime
{
    private const int Block = 64 << 10;
    private const int Chunk = (9 * Block) + 1000;

    private readonly byte[] _bytes = EntryFilling.Bytes(3 * Chunk);
    private readonly ManualTimeProvider _time = new();
    private StoreBench _bench = null!;
    private BucketCacheStore _store = null!;

    public async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync();
        _store = _bench.Open(time: _time);
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Fact, Trait("Rule", "R5")]
    public async Task Blocks_wait_half_a_minute_and_are_read_meanwhile()
    {
        await FillAsync(_store, 2, 4);
        Assert.True(await _store.WhenIdleAsync());
        await AssertHeldAsync(_store, 2, 4);
        _time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.True(await _store.WhenIdleAsync());
        Assert.Empty(await _bench.NamesAsync(""));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(await _store.WhenIdleAsync());
        Assert.Equal(1, Puts());
        await using var other = _bench.Open(time: _time);
        await AssertHeldAsync(other, 2, 4);
        await AssertHeldAsync(_store, 2, 4);
        var (body, headers) = await _bench.TakeAsync(Assert.Single(await _bench.NamesAsync("k/")));
        Assert.Equal(2 * (Block + 4), body.Length);
        Assert.Equal("FAA=", Assert.Single(headers).Value);
        Assert.Equal(1, _store.Uploads);
    }

    [Fact, Trait("Rule", "R5")]
    public async Task Later_blocks_join_those_in_the_store()
    {
        await FillAsync(_store, 2, 9);
        await PassAsync(_store);
        await FillAsync(_store, 0, 3);
        await AssertHeldAsync(_store, 0, 2, 3, 9);
        await PassAsync(_store);
        Assert.Equal(2, Puts());
        await AssertHeldAsync(_store, 0, 2, 3, 9);
        await using var other = _bench.Open(time: _time);
        await AssertHeldAsync(other, 0, 2, 3, 9);
    }

    [Fact, Trait("Rule", "E1")]
    public async Task Blocks_that_are_put_again_with_new_ones_count_once()
    {
        await using var store = _bench.Open(time: _time, maxBytes: 1L << 40);
        _time.Advance(TimeSpan.FromSeconds(10));
        await _bench.Server.UntilAsync(() => _bench.Kinds().Count(static kind => kind == "GET list") >= 3, "The bucket is not listed.");
        await FillAsync(store, 2);
        await PassAsync(store);
        await FillAsync(store, 4, 6);
        await PassAsync(store);
        Assert.Equal(3 * Block, store.Bytes);
    }

    [Fact, Trait("Rule", "C1")]
    public async Task What_comes_during_the_upload_is_stored_half_a_minute_later()
    {
        await FillAsync(_store, 2);
        var gate = await BeginUploadAsync();
        await FillAsync(_store, 5);
        gate.SetResult();
        Assert.True(await _store.WhenIdleAsync());
        await AssertHeldAsync(_store, 2, 5);
        await using (var other = _bench.Open(time: _time))
        {
            await AssertHeldAsync(other, 2);
        }

        _time.Advance(TimeSpan.FromSeconds(30));
        await _store.WhenIdleAsync();
        Assert.Equal(2, Puts());
        await AssertHeldAsync(_store, 2, 5);
    }

    [Fact, Trait("Rule", "C1")]
    public async Task A_chunk_that_becomes_whole_during_its_upload_follows_at_once()
    {
        await FillAsync(_store, 2);
        var gate = await BeginUploadAsync();
        await FillAsync(_store, [.. Enumerable.Range(0, 10)]);
        gate.SetResult();
        await _store.WhenIdleAsync();
        Assert.Equal(2, Puts());
        Assert.Empty((await _bench.TakeAsync(Assert.Single(await _bench.NamesAsync("k/")))).Headers);
    }

    [Theory, Trait("Rule", "R5")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_chunk_that_the_spool_and_the_store_have_together_is_whole(bool isLost)
    {
        await FillAsync(_store, 0, 1, 2, 3, 4);
        await PassAsync(_store);
        if (isLost)
        {
            await _bench.Calls.DeleteAsync(StoreBench.CacheBucket, Assert.Single(await _bench.NamesAsync("k/")), default);
        }

        await FillAsync(_store, 5, 6, 7, 8, 9);
        await _store.WhenIdleAsync();
        Assert.Equal(2, Puts());
        _time.Advance(TimeSpan.FromSeconds(2));
        await _store.WhenIdleAsync();
        await using var other = _bench.Open(time: _time);
        await AssertHeldAsync(other, isLost ? [5, 6, 7, 8, 9] : [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    [Fact, Trait("Rule", "C1")]
    public async Task A_kill_loses_what_waits_and_nothing_else()
    {
        await FillAsync(_store, 2);
        await PassAsync(_store);
        await FillAsync(_store, 3);
        Assert.True(await _store.WhenIdleAsync());
        await using var next = _bench.Open(time: new ManualTimeProvider());
        await AssertHeldAsync(next, 2);
        Assert.Empty(_bench.SpoolFiles);
    }

    [Fact, Trait("Rule", "C1")]
    public async Task A_shutdown_stores_what_waits()
    {
        await FillAsync(_store, 2);
        await _store.DisposeAsync();
        _store = _bench.Open(time: _time);
        await AssertHeldAsync(_store, 2);
    }

    [Fact, Trait("Rule", "C1")]
    public async Task A_spool_that_is_half_full_waits_two_seconds()
    {
        await using var store = _bench.Open(_bench.Spool(7 * Block), _time);
        await FillAsync(store, 1, 3);
        Assert.True(await store.WhenIdleAsync());
        _time.Advance(TimeSpan.FromSeconds(1));
        await store.WhenIdleAsync();
        Assert.Equal(0, Puts());
        await FillAsync(store, 5, 7);
        await Patience.UntilAsync(() => { _time.EndPause(ManualTimeProvider.LongestPause); return Puts() == 1; }, "Nothing is stored.");
        await store.WhenIdleAsync();
        await AssertHeldAsync(store, 1, 3, 5, 7);
    }

    [Fact, Trait("Rule", "C1")]
    public async Task A_full_spool_keeps_the_blocks_that_came()
    {
        var spool = _bench.Spool(3 * Block);
        await using var store = _bench.Open(spool, _time);
        await Assert.ThrowsAsync<CacheFullException>(() => FillAsync(store, 1, 3, 5, 7));
        await AssertHeldAsync(store, 1, 3, 5);
        Assert.Equal((1, 3 * Block), (store.SpoolRefusals, spool.Used));
        await PassAsync(store);
        Assert.Equal(0, spool.Used);
        await FillAsync(store, 7);
        await AssertHeldAsync(store, 1, 3, 5, 7);
    }

    [Fact, Trait("Rule", "C1")]
    public async Task A_block_that_is_not_complete_does_not_wait()
    {
        var spool = _bench.Spool();
        await using var store = _bench.Open(spool, _time);
        await using (var copy = await CreateAsync(store, _bytes))
        {
            await copy.WriteAsync(Block, _bytes.AsMemory(Block, Block + 10), default);
        }

        await PassAsync(store);
        Assert.Equal(0, spool.Used);
        await AssertHeldAsync(store, 1);
    }

    [Theory, Trait("Rule", "C1"), Trait("Rule", "R7")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Evicted_blocks_take_no_room_and_are_not_stored(bool isReplaced)
    {
        var spool = _bench.Spool();
        await using var store = _bench.Open(spool, _time);
        await FillAsync(store, 2);
        Assert.True(spool.Used > 0);
        if (isReplaced)
        {
            await (await CreateAsync(store, EntryFilling.Bytes(3 * Chunk, 2))).DisposeAsync();
        }
        else
        {
            await store.EvictAsync("bucket", "key", null, default);
        }

        Assert.Equal(0, spool.Used);
        await PassAsync(store);
        Assert.Equal(0, Puts());
        Assert.Null(await store.FindAsync("bucket", "key", LookupHint.Info, default));
    }

    [Theory, Trait("Rule", "F")]
    [InlineData("a block")]
    [InlineData("a stranger")]
    [InlineData("fewer")]
    [InlineData("nonsense")]
    [InlineData("whole")]
    public async Task A_part_that_is_not_what_was_stored_is_never_shown(string damage)
    {
        await FillAsync(_store, 2, 4, 6);
        await _store.DisposeAsync();
        var name = Assert.Single(await _bench.NamesAsync("k/"));
        var (body, headers) = await _bench.TakeAsync(name);
        (body, headers) = damage switch
        {
            "a block" => ([.. body[..(Block + 10)], (byte)(body[Block + 10] ^ 1), .. body[(Block + 11)..]], headers),
            "a stranger" => (await OfOtherFillAsync(), headers),
            "fewer" => (body[..(2 * (Block + 4))], [new(headers[0].Key, "FAA=")]),
            "nonsense" => (body, [new(headers[0].Key, "FAAAAA==")]),
            _ => (body, []),
        };
        await _bench.PutAsync(name, body, headers);
        _store = _bench.Open(time: _time);
        foreach (var block in (int[])[2, 4, 6])
        {
            var read = await _store.ReadAsync("key", $"bytes={block * Block}-{((block + 1) * Block) - 1}");
            Assert.True(read is null or { Length: 0 } || read.AsSpan().SequenceEqual(_bytes.AsSpan(block * Block, Block)), $"{block}");
            Assert.Equal(damage is "a block" && block == 2 || damage is "fewer" && block < 6, read is { Length: > 0 });
        }

        await FillAsync(_store, 2, 4, 6);
        await PassAsync(_store);
        await AssertHeldAsync(_store, 2, 4, 6);
    }

    [Fact]
    public async Task Parts_are_not_taken_for_lost_objects()
    {
        await FillAsync(_store, 2);
        await PassAsync(_store);
        await using var other = _bench.Open(time: _time);
        _time.Advance(TimeSpan.FromDays(2000));
        await other.SweepAsync();
        await AssertHeldAsync(other, 2);
        await other.EvictAsync("bucket", "key", null, default);
        await other.WhenIdleAsync();
        Assert.Empty(await _bench.NamesAsync(""));
    }

    /// <summary>
    /// An older program takes a chunk that its manifest names for whole, and checks its length. It skips chunks in part, and what it
    /// writes has no map.
    /// </summary>
    [Fact]
    public async Task An_older_program_sees_no_parts_and_its_chunks_are_whole()
    {
        await FillAsync(_store, 2);
        await _store.DisposeAsync();
        var entry = Assert.Single(await _bench.NamesAsync("c/"));
        var text = System.Text.Encoding.UTF8.GetString((await _bench.TakeAsync(entry)).Body);
        Assert.Contains("\"version\":1,", text, StringComparison.Ordinal);
        Assert.Contains("\"chunks\":\"AA==\",\"parts\":{\"0\":\"BAA=\"}", text, StringComparison.Ordinal);
        _store = _bench.Open(time: _time);
        await FillAsync(_store, [.. Enumerable.Range(0, 10)]);
        await _store.WhenIdleAsync();
        Assert.Empty((await _bench.TakeAsync(Assert.Single(await _bench.NamesAsync("k/")))).Headers);
    }

    /// <summary>Lets half a minute pass, and stops the store before it takes the chunk.</summary>
    /// <returns>What lets it.</returns>
    private async Task<TaskCompletionSource> BeginUploadAsync()
    {
        var (gate, began) = (new TaskCompletionSource(), new TaskCompletionSource());
        _bench.Server.Before = call =>
        {
            if (call.Method != "PUT" || !call.Path.Contains("/k/", StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            began.TrySetResult();
            return gate.Task;
        };
        _time.Advance(TimeSpan.FromSeconds(30));
        await began.Task;
        return gate;
    }

    private static EntryIdentity Identity => EntryFilling.Identity("key", Chunk);

    private async Task<byte[]> OfOtherFillAsync()
    {
        await using var other = _bench.Open(time: _time);
        await using (var copy = await other.CreateAsync(
            "bucket", "other", EntryFilling.Identity("other", Chunk), EntryFilling.Info(_bytes), default, default))
        {
            foreach (var block in (int[])[2, 4, 6])
            {
                await copy.WriteAsync(block * Block, _bytes.AsMemory(block * Block, Block), default);
            }
        }

        await other.DisposeAsync();
        var chunk = (await _bench.NamesAsync("k/")).Single(name => name.Contains("/other", StringComparison.Ordinal));
        return (await _bench.TakeAsync(chunk)).Body;
    }

    private static ValueTask<ICacheEntry> CreateAsync(BucketCacheStore store, byte[] bytes) =>
        store.CreateAsync("bucket", "key", Identity, EntryFilling.Info(bytes), default, default);

    /// <summary>Fills some blocks of the first chunk.</summary>
    private async Task FillAsync(BucketCacheStore store, params int[] blocks)
    {
        await using var copy = await store.FindAsync("bucket", "key", LookupHint.Info, default) ?? await CreateAsync(store, _bytes);
        foreach (var block in blocks)
        {
            var length = Math.Min(Block, Chunk - (block * Block));
            await copy.WriteAsync(block * Block, _bytes.AsMemory(block * Block, length), default);
        }

        await copy.CompleteAsync(default);
    }

    /// <summary>The blocks of the first chunk that are cached are these, with the right bytes.</summary>
    private async Task AssertHeldAsync(BucketCacheStore store, params int[] blocks)
    {
        await using var copy = await store.FindAsync("bucket", "key", LookupHint.Info, default);
        Assert.NotNull(copy);
        var held = new List<int>();
        for (long position = 0; copy.FirstCached(position) is { } run; position = run.Last + 1)
        {
            Assert.Equal(_bytes[(int)run.First..(int)(run.Last + 1)], await copy.ReadAllAsync(run));
            held.AddRange(Enumerable.Range((int)(run.First / Block), (int)((run.Length + Block - 1) / Block)));
        }

        Assert.Equal(blocks, held);
        foreach (var block in blocks)
        {
            var last = Math.Min((block + 1) * Block, Chunk) - 1;
            Assert.Equal(_bytes[((block * Block) + 5)..(last + 1)], await store.ReadAsync("key", $"bytes={(block * Block) + 5}-{last}"));
        }
    }

    /// <summary>How often a chunk was written. The first of all calls finds no bucket.</summary>
    private int Puts() => _bench.Server.Calls.Count(call => call is { Method: "PUT", Status: 200 }
        && call.Path.Contains("/k/", StringComparison.Ordinal));

    private async Task PassAsync(BucketCacheStore store)
    {
        _time.Advance(TimeSpan.FromSeconds(30));
        while (await store.WhenIdleAsync())
        {
            _time.Advance(TimeSpan.FromSeconds(2));
        }
    }
}
