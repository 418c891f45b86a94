using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// A large object is evicted while a client reads it from its start. The client gets the rest. Spool space is shared by all: once half of
/// it is used, this read takes no more of it than it has begun. Nothing is requested from the remote twice.
/// </summary>
public sealed class EvictedWhileFilledTests : ReaderTestBase
{
    private const int Chunk = 100_000;
    private const int EvictedAt = 1_000_000;
    private const int Room = 100_000_000;

    /// <summary>What a fill may read around the eviction before it notices, and the chunks that it ends with.</summary>
    private const int Slack = 2 * (Fill.BufferSize + Chunk);

    private readonly byte[] _bytes = Bytes(5_000_000);
    private StoreBench _bench = null!;
    private SpoolFolder _spool = null!;
    private int _isEvicted;
    private long _usedAtDrop;
    private long _mostUsed;

    [Fact, Trait("Rule", "C1"), Trait("Rule", "R7")]
    public async Task The_rest_of_it_takes_no_room_from_others()
    {
        using var others = _spool.Open();
        others.Grow((Room / 2) + 1);
        Prepare(_ => Task.CompletedTask);
        Assert.Equal(_bytes, (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Assert.InRange(_mostUsed, _usedAtDrop, _usedAtDrop + Slack);
        Assert.Equal(_bytes.Length, Remote.Bytes);
        Assert.Equal(2, Remote.Gets.Count);
        await ((BucketCacheStore)Store).WhenIdleAsync();
        Assert.Equal((Room / 2) + 1, _spool.Used);
    }

    [Fact, Trait("Rule", "C1"), Trait("Rule", "R3")]
    public async Task A_reader_that_comes_during_the_eviction_fills_it_again()
    {
        (CollectedResponse Cold, CollectedResponse Warm)? meanwhile = null;
        var hasCome = 0;
        using var others = _spool.Open();
        others.Grow((Room / 2) + 1);
        Prepare(async position =>
        {
            if (position > 3_000_000 && Interlocked.Exchange(ref hasCome, 1) == 0)
            {
                meanwhile = (await ReadAsync("key"), await ReadAsync("key"));
            }
        });
        Assert.Equal(_bytes, (await ReadAsync("key")).Bytes);
        Assert.Equal(
            ("MISS", "HIT"), (meanwhile!.Value.Cold.Headers["x-cache"].ToString(), meanwhile.Value.Warm.Headers["x-cache"].ToString()));
        Assert.Equal(_bytes, meanwhile.Value.Cold.Bytes);
        Assert.Equal(_bytes, meanwhile.Value.Warm.Bytes);
        Assert.Equal(2 * _bytes.Length, Remote.Bytes);
        await QuietAsync();
    }

    /// <summary>The reader would be cut off otherwise: the remote no longer returns this version.</summary>
    [Fact, Trait("Rule", "R7")]
    public async Task With_enough_room_a_reader_gets_the_rest_of_the_response_under_way_even_if_the_remote_changed()
    {
        Prepare(position =>
        {
            if (position is > EvictedAt and < EvictedAt + 500_000)
            {
                Remote.Put("key", Bytes(100));
            }

            return Task.CompletedTask;
        });
        Assert.Equal(_bytes, (await ReadAsync("key")).Bytes);
        Assert.Single(Remote.Gets);
        await QuietAsync();
        await ((BucketCacheStore)Store).WhenIdleAsync();
        Assert.Equal(0, _spool.Used);
    }

    protected override async Task<ICachePlace> StartPlaceAsync()
    {
        _bench = await StoreBench.StartAsync();
        _spool = _bench.Spool(Room);
        return _bench;
    }

    protected override ICacheStore OpenStore() => _bench.Open(_spool, Time);

    private void Prepare(Func<long, Task> onByte)
    {
        Settings = Settings with { ChunkThreshold = 0, ChunkSize = Chunk };
        Remote.Put("key", _bytes);
        Remote.OnByte = async (position, _) =>
        {
            if (position >= EvictedAt && Interlocked.Exchange(ref _isEvicted, 1) == 0)
            {
                await Store.EvictAsync(Bucket, "key", null, default);
                _usedAtDrop = _spool.Used;
            }

            _mostUsed = Math.Max(_mostUsed, _spool.Used);
            await onByte(position);
        };
    }
}
