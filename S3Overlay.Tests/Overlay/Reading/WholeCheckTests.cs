using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>
/// Objects in chunks that became whole in pieces are read back and verified. Neither readers nor shutdown wait for that, and one object is
/// read at a time (table F).
/// </summary>
[Trait("Rule", "F")]
public sealed class WholeCheckTests : ReaderTestBase
{
    private const int Chunk = 100;

    private readonly SlowReads _slow = new();

    [Fact]
    public async Task Readers_do_not_wait_for_it_and_neither_does_the_end()
    {
        var bytes = await FillInPiecesAsync("one", "two");
        await Patience.UntilAsync(() => _slow.Reading > 0, "Nothing is read back.");
        foreach (var key in (string[])["one", "two"])
        {
            var read = await ReadAsync(key);
            Assert.Equal(("HIT", bytes.Length), (read.Headers["x-cache"].ToString(), read.Bytes.Length));
        }

        Assert.Equal(2, Reader.Fills!.Objects.InUse);
        await Reader.DisposeAsync();
        await QuietAsync();
        Assert.Equal(1, _slow.Most);
    }

    [Fact]
    public async Task Each_is_compared_in_its_turn()
    {
        await FillInPiecesAsync("one", "two", "three");
        _slow.GoOn.SetResult();
        await QuietAsync();
        Assert.Equal((1, 3L, 0L), (_slow.Most, _slow.Begun, Reader.Fills!.Mismatches));
    }

    /// <summary>
    /// Each waiting object is in use, with an open file. One that finds no place is verified once a place is free, if it is still being
    /// read.
    /// </summary>
    [Fact]
    public async Task The_queue_is_bounded_and_what_does_not_fit_counts_as_unchecked()
    {
        const int Most = 64;
        await FillInPiecesAsync([.. Enumerable.Range(0, Most + 6).Select(static i => $"key{i}")]);
        await Patience.UntilAsync(() => Reader.Fills!.Objects.InUse <= Most, "There is a place for all of them.");
        var gate = new TaskCompletionSource();
        Remote.Put("late", Bytes(3 * Chunk));
        await ReadAsync("late", $"bytes=0-{(2 * Chunk) - 1}");
        await Patience.UntilAsync(() => Reader.Fills!.Objects.InUse == Most, "A fill does not end.");
        var filled = Reader.Fills!.Completed;
        Remote.OnByte = (_, token) => gate.Task.WaitAsync(token);
        var last = ReadAsync("late", $"bytes={2 * Chunk}-");
        ActiveEntry? held = null;
        await Patience.UntilAsync(() => (held = Reader.Fills!.Objects.Find(new ObjectName(Bucket, "late"))) is not null,
            "No read has started.");
        Assert.True(held!.TryEnter());
        gate.SetResult();
        await last;
        await Patience.UntilAsync(() => Reader.Fills!.Completed > filled, "The fill does not end.");
        _slow.GoOn.SetResult();
        await Patience.UntilAsync(() => Reader.Fills!.Objects.InUse == 1, "Not all are compared.");
        Assert.Equal(Most, _slow.Begun);
        await held.LeaveAsync();
        await QuietAsync();
        Assert.Equal((1, Most + 1L), (_slow.Most, _slow.Begun));
    }

    private async Task<byte[]> FillInPiecesAsync(params string[] keys)
    {
        Wrap = store => _slow.Over(store);
        Settings = Settings with { ChunkThreshold = Chunk, ChunkSize = Chunk, ReadAheadBytes = 0 };
        var bytes = Bytes(3 * Chunk);
        foreach (var key in keys)
        {
            Remote.Put(key, bytes);
            foreach (var at in (int[])[Chunk, 0, 2 * Chunk])
            {
                await ReadAsync(key, $"bytes={at}-{at + 9}");
            }
        }

        return bytes;
    }

    /// <summary>A store whose entries are slow to read, if the background verification reads them.</summary>
    private sealed class SlowReads
    {
        private int _reading;
        private long _begun;

        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Reading => Volatile.Read(ref _reading);

        public long Begun => Volatile.Read(ref _begun);

        public int Most { get; private set; }

        public ICacheStore Over(ICacheStore store) => new SlowStore(this, store);

        private sealed class SlowStore(SlowReads slow, ICacheStore store) : PassingStore(store)
        {
            public override async ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish,
                CancellationToken cancellationToken) =>
                await base.FindAsync(bucket, key, wish, cancellationToken) is { } copy ? new SlowEntry(slow, copy) : null;

            public override async ValueTask<ICacheEntry> CreateAsync(
                string bucket, string key, EntryIdentity identity, ObjectInfo info, DateTimeOffset validatedAt,
                CancellationToken cancellationToken) =>
                new SlowEntry(slow, await base.CreateAsync(bucket, key, identity, info, validatedAt, cancellationToken));
        }

        private sealed class SlowEntry(SlowReads slow, ICacheEntry copy) : PassingEntry(copy)
        {
            public override IEntryReader Read(ByteRange range) => new SlowReader(slow, base.Read(range), range.Length == Info.Size);
        }

        /// <summary>Clients do not give up in these tests, so a cancellable read of all bytes is not a client's.</summary>
        private sealed class SlowReader(SlowReads slow, IEntryReader reader, bool isOfAll) : IEntryReader
        {
            private bool _isSlow;

            public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
            {
                if (!_isSlow && isOfAll && cancellationToken.CanBeCanceled)
                {
                    _isSlow = true;
                    Interlocked.Increment(ref slow._begun);
                    slow.Most = Math.Max(slow.Most, Interlocked.Increment(ref slow._reading));
                }

                if (_isSlow)
                {
                    await slow.GoOn.Task.WaitAsync(cancellationToken);
                }

                return await reader.ReadAsync(buffer, cancellationToken);
            }

            public ValueTask DisposeAsync()
            {
                if (_isSlow)
                {
                    Interlocked.Decrement(ref slow._reading);
                }

                return reader.DisposeAsync();
            }
        }
    }
}
