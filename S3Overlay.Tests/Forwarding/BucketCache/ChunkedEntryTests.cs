using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Large entries: a manifest, and one object per chunk.</summary>
public sealed class ChunkedEntryTests : IAsyncLifetime
{
    private const int Chunk = 100_000;

    private readonly byte[] _bytes = EntryFilling.Bytes(10 * Chunk);

    /// <summary>Does not move by itself, so manifests are written at the end unless a test moves it.</summary>
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

    [Fact]
    public async Task A_warm_chunk_is_one_call_and_two_where_the_manifest_is_not_remembered()
    {
        await FillAsync(_store, 3, 4);
        await ReopenAsync();
        _bench.Server.ForgetCalls();
        Assert.Equal(_bytes[300_001..300_010], await _store.ReadAsync("key", "bytes=300001-300009"));
        Assert.Equal(["GET c", "GET c", "GET k"], _bench.Kinds());
        _bench.Server.ForgetCalls();
        Assert.Equal(_bytes[400_001..400_010], await _store.ReadAsync("key", "bytes=400001-400009"));
        Assert.Equal(["GET k"], _bench.Kinds());
        _bench.Server.ForgetCalls();
        Assert.Equal(_bytes[370_000..430_000], await _store.ReadAsync("key", "bytes=370000-429999"));
        Assert.Equal(["GET k", "GET k"], _bench.Kinds());

        foreach (var (largest, calls) in ((long, int)[])[(50 << 20, 3), (200_000, 2)])
        {
            await using var fresh = _bench.Open(time: _time, largestWhole: largest);
            _bench.Server.ForgetCalls();
            Assert.Equal(_bytes[400_001..400_010], await fresh.ReadAsync("key", "bytes=400001-400009"));
            Assert.Equal(calls, _bench.Server.Calls.Count);
        }
    }

    [Fact]
    public async Task A_long_read_writes_a_manifest_at_once_and_the_rest_when_its_time_has_come()
    {
        await FillAsync(_store, 0);
        Assert.False(await _store.WhenIdleAsync());
        Assert.Equal(1, Manifests());
        for (var chunk = 1; chunk < 9; chunk++)
        {
            await FillAsync(_store, chunk);
            Assert.True(await _store.WhenIdleAsync());
        }

        Assert.Equal(9, (await _bench.NamesAsync("k/")).Count);
        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.True(await _store.WhenIdleAsync());
        Assert.Equal(1, Manifests());
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(await _store.WhenIdleAsync());
        Assert.Equal(2, Manifests());

        // The end waits for nothing.
        await FillAsync(_store, 9);
        Assert.True(await _store.WhenIdleAsync());
        await ReopenAsync();
        Assert.Equal(3, Manifests());
        Assert.Equal(_bytes, await _store.ReadAsync("key"));
    }

    [Fact]
    public async Task A_manifest_waits_no_longer_when_the_time_of_day_is_set_back()
    {
        await FillAsync(_store, 0);
        Assert.False(await _store.WhenIdleAsync());
        _time.SetBack(TimeSpan.FromDays(1));
        await FillAsync(_store, 1);
        Assert.True(await _store.WhenIdleAsync());
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(await _store.WhenIdleAsync());
        Assert.Equal(2, Manifests());
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_manifest_that_the_store_refused_is_written_once_it_takes_it()
    {
        _bench.Server.Refuse = request => request.Method == "PUT" && request.Path.Value!.Contains("/c/", StringComparison.Ordinal) ? 403
            : null;
        await FillAsync(_store, 0);
        Assert.True(await _store.WhenIdleAsync());
        Assert.Equal(1, Manifests());
        _bench.Server.Refuse = null;
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(await _store.WhenIdleAsync());
        Assert.Equal(2, Manifests());
        await ReopenAsync();
        Assert.Equal(2, Manifests());
        Assert.Equal(_bytes[..100_000], await _store.ReadAsync("key"));
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_manifest_that_the_store_keeps_refusing_waits_for_the_next_chunk()
    {
        _bench.Server.Refuse = request => request.Method == "PUT" && request.Path.Value!.Contains("/c/", StringComparison.Ordinal) ? 403
            : null;
        await FillAsync(_store, 0);
        while (await _store.WhenIdleAsync())
        {
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(6, Manifests());
        _bench.Server.Refuse = null;
        _time.Advance(TimeSpan.FromMinutes(1));
        await FillAsync(_store, 1);
        Assert.False(await _store.WhenIdleAsync());
        Assert.Equal(7, Manifests());
        await ReopenAsync();
        Assert.Equal(_bytes[..200_000], await _store.ReadAsync("key"));
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Bytes_are_cached_once_written_and_while_they_move_to_the_store()
    {
        await using var copy = await CreateAsync(_store);
        await copy.WriteAsync(250_000, _bytes.AsMemory(250_000, 10), default);
        Assert.Equal(new(250_000, 250_009), copy.FirstCached(0));
        await copy.WriteAsync(250_010, _bytes.AsMemory(250_010, 49_990), default);
        await copy.WriteAsync(300_000, _bytes.AsMemory(300_000, 100_000), default);
        Assert.Equal(new(250_000, 399_999), copy.FirstCached(0));
        Assert.Equal(_bytes[250_000..400_000], await copy.ReadAllAsync(new ByteRange(250_000, 999_999)));
        await SpinAsync(() => _bench.Kinds().Contains("PUT k"));
        Assert.Equal(new(250_000, 399_999), copy.FirstCached(0));
        Assert.Equal(_bytes[250_000..400_000], await copy.ReadAllAsync(new ByteRange(250_000, 999_999)));
        await using var other = await _store.FindAsync("bucket", "key", LookupHint.Bytes(RangeHeader.Parse("bytes=250000-")), default);
        Assert.Equal(_bytes[250_000..400_000], await other!.ReadAllAsync(new ByteRange(250_000, 999_999)));
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_chunk_that_is_gone_or_damaged_is_a_miss_and_can_be_filled_again()
    {
        foreach (var damage in (bool[])[false, true])
        {
            await FillAsync(_store, 0, 1, 2);
            await ReopenAsync();
            Assert.Equal(_bytes[100_000..100_010], await _store.ReadAsync("key", "bytes=100000-100009"));
            var name = Assert.Single(await _bench.NamesAsync("k/"), name => name.EndsWith("00000001", StringComparison.Ordinal));
            if (damage)
            {
                var (body, headers) = await _bench.TakeAsync(name);
                body[10] ^= 1;
                await _bench.PutAsync(name, body, headers);
            }
            else
            {
                await _bench.Calls.DeleteAsync(StoreBench.CacheBucket, name, default);
            }

            await using (
                var copy = await _store.FindAsync("bucket", "key", LookupHint.Bytes(RangeHeader.Parse("bytes=100000-299999")), default))
            {
                Assert.Empty(await copy!.ReadAllAsync(new ByteRange(100_000, 299_999)));
                Assert.Equal(new(200_000, 299_999), copy!.FirstCached(100_000));
            }

            await FillAsync(_store, 1);
            await ReopenAsync();
            Assert.Equal(_bytes[..300_000], await _store.ReadAsync("key"));
            await _store.EvictAsync("bucket", "key", null, default);
            await _store.WhenIdleAsync();
            Assert.Empty(await _bench.NamesAsync(""));
        }
    }

    [Fact]
    public async Task Two_proxies_add_to_one_manifest()
    {
        await FillAsync(_store, 0);
        await using var other = _bench.Open(time: _time);
        await SpinAsync(() => _bench.Kinds().Contains("PUT c"));
        await FillAsync(other, 1);
        await FillAsync(_store, 2);
        await other.DisposeAsync();
        await ReopenAsync();
        Assert.Equal(_bytes[..300_000], await _store.ReadAsync("key"));
        Assert.Equal(3, (await _bench.NamesAsync("k/")).Count);
    }

    [Fact]
    public async Task Two_proxies_that_begin_at_once_end_with_one_fill_and_no_orphans()
    {
        await using var other = _bench.Open(time: _time);
        await Task.WhenAll(FillAsync(_store, 0, 1), FillAsync(other, 1, 2));
        await other.DisposeAsync();
        await ReopenAsync();
        var (first, second) = (await _store.ReadAsync("key", "bytes=0-99999"), await _store.ReadAsync("key", "bytes=100000-199999"));

        // The later manifest continues the other proxy's fill and may lose a chunk. It never names one that is missing.
        Assert.True(first is { Length: > 0 } || second is { Length: > 0 }, "Nothing is held.");
        Assert.True(first is not { Length: > 0 } || first.AsSpan().SequenceEqual(_bytes.AsSpan(0, 100_000)));
        Assert.True(second is not { Length: > 0 } || second.AsSpan().SequenceEqual(_bytes.AsSpan(100_000, 100_000)));
        await using var third = _bench.Open(time: _time);
        await third.EvictAsync("bucket", "key", null, default);
        await third.WhenIdleAsync();
        _time.Advance(TimeSpan.FromDays(2000));
        await third.SweepAsync();
        Assert.Empty(await _bench.NamesAsync(""));
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task An_entry_that_another_proxy_replaced_is_loaded_again()
    {
        await FillAsync(_store, 0, 1);
        await ReopenAsync();
        Assert.Equal(_bytes[..10], await _store.ReadAsync("key", "bytes=0-9"));
        var newer = EntryFilling.Bytes(10 * Chunk, 7);
        await using (var other = _bench.Open(time: _time))
        {
            await other.EvictAsync("bucket", "key", null, default);
            await FillAsync(other, newer, 0, 1);
        }

        Assert.Equal(newer[..10], await _store.ReadAsync("key", "bytes=0-9"));
    }

    [Fact]
    [Trait("Rule", "T2")]
    public async Task A_remembered_manifest_is_listed_though_another_proxy_replaced_it()
    {
        await FillAsync(_store, 0, 1);
        await ReopenAsync();
        Assert.NotNull(await _store.ReadAsync("key", "bytes=0-9"));
        await using (var other = _bench.Open(time: _time))
        {
            await other.FillAsync("key", EntryFilling.Bytes(30));
        }

        var sizes = new List<long>();
        await foreach (var row in _store.ListAsync("bucket", "", "", default))
        {
            sizes.Add(row.Size);
        }

        Assert.Equal([30L, _bytes.Length], sizes.Order());
    }

    [Fact]
    public async Task Chunks_that_nothing_names_are_removed_after_a_day()
    {
        await FillAsync(_store, 0, 1);
        await ReopenAsync();
        var name = (await _bench.NamesAsync("k/"))[0];
        var (body, headers) = await _bench.TakeAsync(name);
        string[] strangers =
        [
            name[..^1] + "7",
            EntryNames.Chunk(new ObjectName("bucket", "key"), Guid.NewGuid(), 0),
            EntryNames.Chunk(new ObjectName("bucket", "gone"), Guid.NewGuid(), 3),
            EntryNames.RowsOf(new ObjectName("bucket", "gone")) + "YQ.1.1",
        ];
        foreach (var stranger in strangers)
        {
            await _bench.PutAsync(stranger, body, headers);
        }

        await _bench.PutAsync(EntryNames.Entry(new ObjectName("bucket", "without row")), body, headers);
        _time.Advance(DateTimeOffset.UtcNow - _time.GetUtcNow());
        await using var fresh = _bench.Open(time: _time);
        await fresh.SweepAsync();
        Assert.Equal(9, (await _bench.NamesAsync("")).Count);
        _time.Advance(TimeSpan.FromDays(1.1));
        await fresh.SweepAsync();
        Assert.Equal(4, (await _bench.NamesAsync("")).Count);
        Assert.Equal(_bytes[..200_000], await fresh.ReadAsync("key"));
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task A_full_spool_keeps_the_entries()
    {
        await FillAsync(_store, 0);
        await ReopenAsync(_bench.Spool(Chunk + 10));
        await using var copy = await _store.FindAsync("bucket", "key", default);
        await copy!.WriteAsync(100_000, _bytes.AsMemory(100_000, 10), default);
        await Assert.ThrowsAsync<CacheFullException>(async () => await copy.WriteAsync(200_000, _bytes.AsMemory(200_000, 10), default));
        Assert.Equal(new(0, 100_009), copy.FirstCached(0));
        Assert.Equal(_bytes[..100_010], await copy.ReadAllAsync(new ByteRange(0, 999_999)));
    }

    private async Task ReopenAsync(SpoolFolder? spool = null)
    {
        await _store.DisposeAsync();
        _store = _bench.Open(spool, _time);
    }

    private ValueTask<ICacheEntry> CreateAsync(BucketCacheStore store) =>
        store.CreateAsync("bucket", "key", EntryFilling.Identity("key", Chunk), EntryFilling.Info(_bytes), default);

    private Task FillAsync(BucketCacheStore store, params int[] chunks) => FillAsync(store, _bytes, chunks);

    /// <summary>Fills some chunks of the existing or a new entry. Does not wait for the store.</summary>
    private static async Task FillAsync(BucketCacheStore store, byte[] bytes, params int[] chunks)
    {
        await using var copy = await store.FindAsync("bucket", "key", LookupHint.Info, default)
            ?? await store.CreateAsync("bucket", "key", EntryFilling.Identity("key", Chunk), EntryFilling.Info(bytes), default);
        foreach (var chunk in chunks)
        {
            await copy.WriteAsync(chunk * Chunk, bytes.AsMemory(chunk * Chunk, Chunk), default);
        }

        await copy.CompleteAsync(default);
    }

    private int Manifests() => _bench.Kinds().Count(kind => kind == "PUT c");

    private static Task SpinAsync(Func<bool> until) => Patience.UntilAsync(until, "What was waited for does not come.");
}
