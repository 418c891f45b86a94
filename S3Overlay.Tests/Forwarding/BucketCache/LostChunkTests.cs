using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Single blocks that are brought again of chunks that could not be read, are damaged, or were replaced.</summary>
public sealed class LostChunkTests : IAsyncLifetime
{
    private const int Block = 64 << 10;
    private const int Blocks = 4;
    private const int Chunk = Blocks * Block;

    private readonly byte[] _bytes = EntryFilling.Bytes(2 * Chunk);
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private StoreBench _bench = null!;

    public async Task InitializeAsync() => _bench = await StoreBench.StartAsync();

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    /// <summary>A store that fails for a moment.</summary>
    [Theory, Trait("Rule", "R5")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_chunk_that_could_not_be_read_once_keeps_its_blocks(int proxies)
    {
        await using var store = await OpenWithChunkAsync(proxies);
        _bench.Server.Fail = FailsChunk;
        Assert.NotEqual(Block, (await ReadAsync(store, 2))?.Length);
        _bench.Server.Fail = null;
        await FillAsync(store, _bytes, 2);
        await SettleAsync(store);
        await AssertHasAllAsync();
    }

    [Theory, Trait("Rule", "F")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_damaged_block_of_a_chunk_is_replaced_by_one_that_was_brought_again(int proxies)
    {
        await using var store = await OpenWithChunkAsync(proxies);
        var name = Assert.Single(await _bench.NamesAsync("k/"));
        var (body, headers) = await _bench.TakeAsync(name);
        body[Block + 4 + 100] ^= 1;
        await _bench.PutAsync(name, body, headers);
        Assert.NotEqual(Block, (await ReadAsync(store, 1))?.Length);
        await FillAsync(store, _bytes, 1);
        await SettleAsync(store);
        await AssertHasAllAsync();
    }

    [Fact, Trait("Rule", "F")]
    public async Task Damaged_blocks_are_logged_with_their_place_and_once_for_a_chunk()
    {
        var logger = new MessageLogger();
        _bench.Abilities = Judging;
        await using var store = _bench.Open(time: _time, logger: logger);
        await FillAsync(store, _bytes, Blocks, Blocks + 1, Blocks + 2);
        await SettleAsync(store);
        var name = Assert.Single(await _bench.NamesAsync("k/"));
        var (body, headers) = await _bench.TakeAsync(name);
        body[100] ^= 1;
        body[Block + 4 + 100] ^= 1;
        await _bench.PutAsync(name, body, headers);
        Assert.NotEqual(Block, (await ReadAsync(store, Blocks + 1))?.Length);
        Assert.Contains($"byte {(Blocks + 1) * Block})", Assert.Single(logger.Messages), StringComparison.Ordinal);
        await FillAsync(store, _bytes, Blocks + 3);
        await SettleAsync(store);
        Assert.Contains($"byte {Blocks * Block})", logger.Messages[1], StringComparison.Ordinal);
        Assert.Equal(2, logger.Messages.Count);
    }

    /// <summary>What the manifest no longer names would be replaced by the first block that comes.</summary>
    [Fact, Trait("Rule", "R5")]
    public async Task A_chunk_that_could_not_be_read_once_keeps_its_name()
    {
        await using var store = await OpenWithChunkAsync();
        _bench.Server.Fail = FailsChunk;
        Assert.NotEqual(Block, (await ReadAsync(store, 2))?.Length);
        _bench.Server.Fail = null;
        await FillAsync(store, _bytes, Blocks + 1);
        await SettleAsync(store);
        await using var next = _bench.Open(time: _time);
        await FillAsync(next, _bytes, 2);
        await SettleAsync(next);
        await AssertHasAllAsync();
    }

    [Fact, Trait("Rule", "R5")]
    public async Task A_chunk_that_can_never_be_read_is_written_anew_at_the_second_attempt()
    {
        await using var store = await OpenWithChunkAsync();
        var name = Assert.Single(await _bench.NamesAsync("k/"));
        foreach (var blocks in (int[])[Blocks, 1])
        {
            _bench.Server.Fail = FailsChunk;
            Assert.NotEqual(Block, (await ReadAsync(store, 2))?.Length);
            await FillAsync(store, _bytes, 2);
            await SettleAsync(store);
            _bench.Server.Fail = null;
            Assert.Equal(blocks * (Block + 4), (await _bench.TakeAsync(name)).Body.Length);
        }

        Assert.Equal(_bytes[(2 * Block)..(3 * Block)], await ReadAsync(store, 2));
    }

    /// <summary>One proxy has a block of a chunk in its spool. The other has stored all of that chunk since.</summary>
    [Fact, Trait("Rule", "C1")]
    public async Task A_manifest_keeps_the_chunk_of_which_a_block_waits()
    {
        _bench.Abilities = Judging;
        await using var one = _bench.Open(time: _time, proxies: 2);
        await using var two = _bench.Open(time: _time, proxies: 2);
        await FillAsync(one, _bytes, 0);
        await SettleAsync(one);
        await FillAsync(one, _bytes, Blocks);
        await FillAsync(two, _bytes, Blocks, Blocks + 1, Blocks + 2, Blocks + 3);
        await two.WhenIdleAsync();
        await FillAsync(one, _bytes, 1, 2, 3);
        await one.WhenIdleAsync();
        _time.Advance(TimeSpan.FromSeconds(2));
        await one.WhenIdleAsync();
        await using var fresh = _bench.Open(time: _time, proxies: 2);
        for (var block = 0; block < 2 * Blocks; block++)
        {
            Assert.Equal(_bytes[(block * Block)..((block + 1) * Block)], await ReadAsync(fresh, block));
        }
    }

    [Theory, Trait("Rule", "T2")]
    [InlineData(Chunk)]
    [InlineData(0)]
    public async Task Blocks_that_waited_do_not_replace_a_newer_version(int chunkOfNewer)
    {
        var newer = EntryFilling.Bytes(2 * Chunk, seed: 2);
        await using var one = _bench.Open(time: _time, proxies: 2);
        await using var two = _bench.Open(time: _time, proxies: 2);
        await FillAsync(one, _bytes, 0);
        Assert.True(await one.WhenIdleAsync());
        _time.Advance(TimeSpan.FromSeconds(5));
        await using (var copy = await CreateAsync(two, newer, chunkOfNewer))
        {
            await copy.WriteAsync(0, newer, default);
            await copy.CompleteAsync(default);
        }

        await two.WhenIdleAsync();
        _time.Advance(TimeSpan.FromSeconds(25));
        await SettleAsync(one);
        await SettleAsync(two);
        await using var fresh = _bench.Open(time: _time, proxies: 2);
        foreach (var store in (BucketCacheStore[])[fresh, two])
        {
            Assert.Equal(newer[..Block], await ReadAsync(store, 0));
        }
    }

    [Fact, Trait("Rule", "C1")]
    public void The_spool_has_so_many_files_and_no_more()
    {
        using var folder = new TemporaryFolder();
        var spool = new SpoolFolder(folder["spool"], 1 << 20, maxFiles: 2);
        var isHurried = false;
        spool.HalfTaken = () => isHurried = true;
        using var first = spool.Open();
        first.Grow(1);
        Assert.False(isHurried);
        using (var second = spool.Open())
        {
            Assert.True(spool.IsHalfTaken);
            second.Grow(1);
            Assert.True(isHurried);
            Assert.Throws<CacheFullException>(spool.Open);
            Assert.Equal(1, spool.Refused);
        }

        spool.Open().Dispose();
        Assert.Equal(1, spool.Used);
    }

    [Fact, Trait("Rule", "F")]
    public void A_map_of_a_chunk_that_is_too_large_for_one_is_refused() =>
        Assert.Throws<InvalidDataException>(static () => ChunkBlocks.Parse("", 1L << 47));

    private static StoreCapabilities Judging => new() { Conditions = new() { PutsIfMatch = true, PutsIfNew = true } };

    private static (int Status, string Code)? FailsChunk(HttpRequest request) =>
        request.Method == "GET" && request.Path.Value!.Contains("/k/", StringComparison.Ordinal) ? (503, "SlowDown") : null;

    private ValueTask<ICacheEntry> CreateAsync(BucketCacheStore store, byte[] bytes, long chunkSize) => store.CreateAsync(
        "bucket", "key", EntryFilling.Identity("key", chunkSize), EntryFilling.Info(bytes), _time.GetUtcNow(), default);

    /// <summary>A cache whose store has all blocks of the first chunk.</summary>
    private async Task<BucketCacheStore> OpenWithChunkAsync(int proxies = 1)
    {
        _bench.Abilities = Judging;
        var store = _bench.Open(time: _time, proxies: proxies);
        await FillAsync(store, _bytes, 0, 1, 2, 3);
        await SettleAsync(store);
        return store;
    }

    private async Task FillAsync(BucketCacheStore store, byte[] bytes, params int[] blocks)
    {
        await using var copy = await store.FindAsync("bucket", "key", LookupHint.Info, default)
            ?? await CreateAsync(store, bytes, Chunk);
        foreach (var block in blocks)
        {
            await copy.WriteAsync(block * Block, bytes.AsMemory(block * Block, Block), default);
        }
    }

    private static Task<byte[]?> ReadAsync(BucketCacheStore store, int block) =>
        store.ReadAsync("key", $"bytes={block * Block}-{((block + 1) * Block) - 1}");

    private async Task AssertHasAllAsync()
    {
        await using var fresh = _bench.Open(time: _time);
        for (var block = 0; block < Blocks; block++)
        {
            Assert.Equal(_bytes[(block * Block)..((block + 1) * Block)], await ReadAsync(fresh, block));
        }
    }

    private async Task SettleAsync(BucketCacheStore store)
    {
        while (await store.WhenIdleAsync())
        {
            _time.Advance(TimeSpan.FromSeconds(30));
        }
    }

    private sealed class MessageLogger : ILogger<BucketCacheStore>
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Messages.Add(formatter(state, exception));
    }
}
