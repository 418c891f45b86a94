using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// An entry in chunks is evicted while it is read in the same process. The reader gets all of it, as from a deleted file, and the chunks
/// are deleted afterwards.
/// </summary>
public sealed class EvictedWhileReadTests : IAsyncLifetime
{
    private const int Chunk = 100;

    private readonly byte[] _older = EntryFilling.Bytes(750, 1);
    private readonly byte[] _newer = EntryFilling.Bytes(450, 2);
    private StoreBench _bench = null!;
    private BucketCacheStore _store = null!;

    public async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync();
        _store = _bench.Open();
        await _store.BeginFillAsync("key", _older, Chunk);
        await _store.WhenIdleAsync();
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Theory, Trait("Rule", "R7"), Trait("Rule", "C4")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_read_to_its_end_and_its_chunks_go_with_the_last_reader(bool isReplaced)
    {
        var (first, second) = (await FindAsync(), await FindAsync());
        await using var reader = first!.Read(new ByteRange(0, _older.Length - 1));
        var read = new byte[_older.Length];
        var at = await reader.ReadAsync(read.AsMemory(0, 50), default);
        await (isReplaced ? _store.BeginFillAsync("key", _newer, Chunk) : _store.EvictAsync("bucket", "key", null, default).AsTask());

        await _store.WhenIdleAsync();
        for (int length; at < read.Length && (length = await reader.ReadAsync(read.AsMemory(at), default)) > 0;)
        {
            at += length;
        }

        Assert.Equal(_older, read);
        await first.DisposeAsync();
        await _store.WhenIdleAsync();
        Assert.Equal(_older[^Chunk..], await second!.ReadAllAsync(new ByteRange(_older.Length - Chunk, _older.Length - 1)));
        await second!.DisposeAsync();
        await _store.WhenIdleAsync();
        Assert.Equal(isReplaced ? 5 : 0, (await _bench.NamesAsync("k/")).Count);
        Assert.Equal(isReplaced ? _newer : null, await _store.ReadAsync("key"));
    }

    [Fact, Trait("Rule", "R7"), Trait("Rule", "C4")]
    public async Task It_is_read_whole_if_evicted_between_two_calls_of_the_lookup()
    {
        await using var started = _bench.Open();
        var (found, dropping) = (0, Task.CompletedTask);
        var instants = await StoreSteps.SweepAsync(
            _bench.Server,
            async run =>
            {
                if (await started.ReadAsync($"key{run}") is { } read)
                {
                    Assert.True(_older.AsSpan().SequenceEqual(read), $"{read.Length} bytes were read in run {run}.");
                    found++;
                }
            },
            run =>
            {
                dropping = started.EvictAsync("bucket", $"key{run}", null, default).AsTask();
                return Task.CompletedTask;
            },
            _ => dropping,
            async run =>
            {
                await started.BeginFillAsync($"key{run}", _older, Chunk);
                await started.WhenIdleAsync();
            });
        Assert.True((instants, found) is ( > 6, > 6), $"{found} of {instants} instants");
    }

    /// <summary>Without this, the reader would request the same bytes from the remote again.</summary>
    [Theory, Trait("Rule", "R7"), Trait("Rule", "C1")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_read_whole_if_evicted_while_its_chunks_arrive(bool isWithdrawn)
    {
        var (dropping, chunks) = (Task.CompletedTask, 0);
        ICacheEntry? filled = null;
        var instants = await StoreSteps.SweepAsync(
            _bench.Server,
            async run =>
            {
                var key = $"key{run}";
                await using var copy = filled = await _store.CreateAsync(
                    "bucket", key, EntryFilling.Identity(key, Chunk), EntryFilling.Info(_newer), DateTimeOffset.UtcNow, default);
                await copy.WriteAsync(0, _newer, default);
                await copy.CompleteAsync(default);
                await _store.WhenIdleAsync();
                var read = await copy.ReadAllAsync(new ByteRange(0, _newer.Length - 1));
                Assert.True(_newer.AsSpan().SequenceEqual(read), $"{read.Length} bytes were read in run {run}.");
            },
            run =>
            {
                Assert.True(!isWithdrawn || filled!.TryWithdraw());
                dropping = _store.EvictAsync("bucket", $"key{run}", null, default).AsTask();
                return Task.CompletedTask;
            },
            async run =>
            {
                await dropping;
                await _store.WhenIdleAsync();
                Assert.Null(await _store.ReadAsync($"key{run}"));
                Assert.Equal(chunks, (await _bench.NamesAsync("k/")).Count);
            },
            async _ =>
            {
                await _store.WhenIdleAsync();
                chunks = (await _bench.NamesAsync("k/")).Count;
            });
        Assert.InRange(instants, 10, 100);
    }

    [Fact, Trait("Rule", "R7"), Trait("Rule", "C4")]
    public async Task It_is_read_whole_if_it_continued_the_chunks_of_another_process()
    {
        await using (var another = _bench.Open())
        {
            await another.BeginFillAsync("both", _older, Chunk);

            // On disposal its manifest names all chunks. A partial manifest would take from the next process the chunks that had left the
            // spool by then.
        }

        await using var copy = await _store.CreateAsync("bucket", "both", EntryFilling.Identity("both", Chunk), EntryFilling.Info(_older),
            DateTimeOffset.UtcNow, default);
        await copy.WriteAsync(0, _older, default);
        await _store.WhenIdleAsync();
        await _store.EvictAsync("bucket", "both", null, default);
        await _store.WhenIdleAsync();
        Assert.Equal(_older, await copy.ReadAllAsync(new ByteRange(0, _older.Length - 1)));
    }

    /// <summary>The remote has another version by then, and could not give the rest.</summary>
    [Theory, Trait("Rule", "R7"), Trait("Rule", "C4")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_read_to_its_end_if_another_proxy_replaces_or_evicts_it(bool isReplaced)
    {
        // Its manifest names all chunks once it ends.
        await _store.DisposeAsync();
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var here = _bench.Open(proxies: 2);
        await using var another = _bench.Open(time: clock, proxies: 2);
        var reading = await here.FindAsync("bucket", "key", LookupHint.Bytes(null), default);
        await using var reader = reading!.Read(new ByteRange(0, _older.Length - 1));
        var read = new byte[_older.Length];
        var at = await reader.ReadAsync(read.AsMemory(0, 50), default);
        await (isReplaced ? another.BeginFillAsync("key", _newer, Chunk)
            : another.EvictAsync("bucket", "key", EntryFilling.Info(_older).ETag, default).AsTask());
        await another.WhenIdleAsync();
        clock.Advance(TimeSpan.FromSeconds(2));
        await another.WhenIdleAsync();

        // New readers find what is there now.
        Assert.Equal(isReplaced ? _newer : null, await here.ReadAsync("key"));
        for (int length; at < read.Length && (length = await reader.ReadAsync(read.AsMemory(at), default)) > 0;)
        {
            at += length;
        }

        Assert.Equal(_older, read);
        await reading!.DisposeAsync();
        clock.Advance(TimeSpan.FromMinutes(5));
        await another.WhenIdleAsync();
        Assert.Equal(isReplaced ? 5 : 0, (await _bench.NamesAsync("k/")).Count);
    }

    /// <summary>Only readers that can get the bytes from the remote request them.</summary>
    [Fact, Trait("Rule", "E1"), Trait("Rule", "E3")]
    public async Task An_entry_evicted_for_another_reason_than_a_new_version_goes_at_once()
    {
        await using var another = _bench.Open(time: new ManualTimeProvider(DateTimeOffset.UtcNow), proxies: 2);
        await another.EvictAsync("bucket", "key", null, default);
        await another.WhenIdleAsync();
        Assert.Empty(await _bench.NamesAsync("k/"));
    }

    private ValueTask<ICacheEntry?> FindAsync() => _store.FindAsync("bucket", "key", LookupHint.Info, default);
}
