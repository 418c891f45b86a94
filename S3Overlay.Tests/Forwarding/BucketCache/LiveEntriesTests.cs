using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// Each user releases the entry, whenever it is evicted. Otherwise spool space and chunks that go with the last user would remain.
/// </summary>
public sealed class LiveEntriesTests : IDisposable
{
    private const int Chunk = 100;

    private static readonly ObjectName Name = new("bucket", "key");

    private readonly TemporaryFolder _folder = new();
    private readonly LiveEntries _live = new(1 << 20);
    private readonly SpoolFolder _spool;

    public LiveEntriesTests() => _spool = new SpoolFolder(_folder["spool"], 1 << 20);

    public void Dispose() => _folder.Dispose();

    [Theory, Trait("Rule", "R7")]
    [InlineData(false)]
    [InlineData(true)]
    public void An_entry_evicted_while_in_use_is_released_by_its_user(bool isReplaced)
    {
        var copy = New();
        _live.Replace(copy);
        copy.Write(0, new byte[Chunk / 2], static _ => { });
        Assert.Same(copy, _live.Use(Name, out var isEvicted));
        Assert.False(isEvicted);
        var waited = 0;
        if (isReplaced)
        {
            Assert.Same(copy, _live.Replace(New()));
        }
        else
        {
            _live.Evict(Name, null, out _);
        }

        _live.Fills.WhenUnused(copy.Record.Fill, () => waited++);
        _live.Release(copy);
        Assert.Equal((0, true, true), (waited, _live.Fills.Any(copy.Record.Fill), _spool.Used > 0));
        _live.Release(copy);
        Assert.Equal((1, false, 0), (waited, _live.Fills.Any(copy.Record.Fill), _spool.Used));
    }

    /// <summary>A wrong or outdated entry is withdrawn first, and then evicted. The store has it until then.</summary>
    [Fact, Trait("Rule", "F")]
    public void A_withdrawn_entry_is_known_until_it_is_evicted()
    {
        var copy = New();
        _live.Replace(copy);
        Assert.Same(copy, _live.Use(Name, out _));
        Assert.True(_live.TryWithdrawToEvict(copy));
        _live.Release(copy);
        _live.Release(copy);
        Assert.Equal((null, true), (_live.Use(Name, out var isEvicted), isEvicted));
        Assert.Same(copy, _live.Evict(Name, null, out _));
        Assert.Equal((null, true), (_live.Use(Name, out isEvicted), isEvicted));
        _live.EndWork(copy, isEviction: true);
        Assert.Equal((null, false), (_live.Use(Name, out isEvicted), isEvicted));
    }

    /// <summary>A write may span two chunks. The first is complete and goes to the store, even if the second fails.</summary>
    [Fact, Trait("Rule", "C1")]
    public void A_chunk_is_whole_though_there_is_no_room_for_the_next()
    {
        var copy = New(new SpoolFolder(_folder["narrow"], Chunk));
        var whole = new List<int>();
        copy.Write(0, new byte[Chunk / 2], due => whole.Add(due.Chunk));
        Assert.Throws<CacheFullException>(() => copy.Write(Chunk / 2, new byte[Chunk], due => whole.Add(due.Chunk)));
        Assert.Equal([0], whole);
    }

    /// <summary>From then on, an eviction leaves its bytes to the upload, which frees them.</summary>
    [Fact, Trait("Rule", "C1")]
    public void An_entry_is_on_its_way_before_a_chunk_of_it_is_marked()
    {
        var copy = New();
        _live.Replace(copy);
        var due = default(ChunkDue);
        copy.Write(0, new byte[Chunk], stores => due = stores);
        Assert.True(_live.TryKeep(copy));
        _live.Evict(Name, null, out var isOnItsWay);
        Assert.True(isOnItsWay);
        Assert.True(copy.TryBeginUpload(due));
        _live.Release(copy);
        Assert.Equal(Chunk, _spool.Used);
        copy.EndUpload(0);
        _live.EndWork(copy);
        Assert.Equal(0, _spool.Used);
    }

    [Fact, Trait("Rule", "R7")]
    public void An_entry_that_is_being_evicted_gets_no_user()
    {
        var copy = New();
        _live.Replace(copy);
        Assert.True(_live.TryHold(copy));
        _live.Release(copy);
        Assert.Same(copy, _live.Evict(Name, null, out var isOnItsWay));
        Assert.True(isOnItsWay);

        Assert.Null(_live.Use(Name, out var isEvicted));
        Assert.True(isEvicted);
        Assert.Null(_live.AddOrUse(New()));
        Assert.Equal(0, copy.Users);

        foreach (var isLast in (bool[])[false, true])
        {
            _live.EndWork(copy, isEviction: !isLast);
            Assert.Null(_live.Use(Name, out isEvicted));
            Assert.Equal(!isLast, isEvicted);
        }
    }

    private SharedEntry New(SpoolFolder? spool = null) => new(
        new EntryRecord(Name, EntryFilling.Identity(Name.Key, Chunk), EntryFilling.Info(new byte[3 * Chunk]), DateTimeOffset.UnixEpoch,
            Guid.NewGuid()),
        new NumberSet(3),
        isManifest: true,
        spool ?? _spool,
        NullLogger.Instance);
}
