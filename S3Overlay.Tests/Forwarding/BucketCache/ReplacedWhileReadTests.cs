using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Another proxy replaces an entry that is being read here. Later fills go where lookups find them.</summary>
public sealed class ReplacedWhileReadTests : ReaderTestBase
{
    private const int Chunk = 8;

    private readonly byte[] _bytes = Bytes(5 * Chunk);
    private StoreBench _bench = null!;
    private SpoolFolder _spool = null!;

    private BucketCacheStore Here => (BucketCacheStore)Store;

    public override async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync();
        _spool = _bench.Spool();
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Fact, Trait("Rule", "C1"), Trait("Rule", "R7")]
    public async Task A_chunk_filled_while_the_previous_entry_is_still_read_is_stored()
    {
        Settings = Settings with { ChunkThreshold = 2 * Chunk, ChunkSize = Chunk, ReadAheadBytes = 0 };
        var info = Remote.Put("key", _bytes);
        var (isGiven, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var slow = new CollectedResponse
        {
            OnSending = _ =>
            {
                isGiven.TrySetResult();
                return goOn.Task;
            },
        };
        var reading = Reader.ReadAsync(Request("key", "bytes=0-7"), slow, Remote.Bucket, default);
        await isGiven.Task.WaitAsync(Patience.Limit);
        await Patience.UntilAsync(() => _bench.Kinds().Contains("PUT c"), "The copy is not put.");
        await Here.WhenIdleAsync();
        await using (var other = _bench.Open())
        {
            await other.EvictAsync(Bucket, "key", null, default);
            await using var copy = await other.CreateAsync(Bucket, "key",
                new EntryIdentity(Remote.Endpoint, Remote.Bucket.Name, "key", Chunk), info, default);
            await copy.WriteAsync(Chunk, _bytes.AsMemory(Chunk, Chunk), default);
        }

        Assert.Equal(["00000001"], await ChunksAsync());
        for (var at = 0; at < _bytes.Length; at += Chunk)
        {
            Assert.Equal(_bytes[at..(at + Chunk)], (await ReadAsync("key", $"bytes={at}-{at + Chunk - 1}")).Bytes);
        }

        // All but the one that the other proxy had brought came from the remote, once, and the first twice.
        Assert.Equal(5 * Chunk, Remote.Bytes);

        // A chunk is read as soon as it is in the spool, and is on its way a moment later.
        await Patience.UntilAsync(
            async () => (await ChunksAsync()).SequenceEqual(["00000000", "00000001", "00000002", "00000003", "00000004"]),
            "Not all that was filled is put.");
        Assert.False(reading.IsCompleted);
        goOn.SetResult();
        await reading;
        Assert.Equal(_bytes[..Chunk], slow.Bytes);
        await QuietAsync();
        await Here.WhenIdleAsync();
        Assert.Equal(0, _spool.Used);
    }

    protected override ICacheStore OpenStore() => _bench.Open(_spool, Time);

    private async Task<IEnumerable<string>> ChunksAsync() => (await _bench.NamesAsync("k/")).Select(name => name[^8..]);
}
