using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reads;

/// <summary>Objects in chunks that became whole in pieces are read back to be compared: nobody waits for that, neither readers nor the end, and one is read at a time (table F).</summary>
[Trait("Rule", "F")]
public sealed class WholeCheckTests : ReaderTestBase
{
    private const int Chunk = 100;

    private readonly SlowStore _slow = new();

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
        Assert.Equal((1, 3L, 0L), (_slow.Most, _slow.Begun, Reader.Fills!.Telemetry.Mismatches));
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

    /// <summary>A store whose copies, read from end to end by nobody's request, are read slowly.</summary>
    private sealed class SlowStore : IHeldStore
    {
        private IHeldStore _store = null!;
        private int _reading;
        private long _begun;

        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Reading => Volatile.Read(ref _reading);

        public long Begun => Volatile.Read(ref _begun);

        public int Most { get; private set; }

        public IHeldStore Over(IHeldStore store)
        {
            _store = store;
            return this;
        }

        public ValueTask<IHeldCopy?> FindAsync(string bucket, string key, HeldWish wish, CancellationToken cancellationToken) => WrappedAsync(_store.FindAsync(bucket, key, wish, cancellationToken));

        public async ValueTask<IHeldCopy> CreateAsync(string bucket, string key, HeldIdentity identity, ObjectInfo info, DateTimeOffset validatedAt, CancellationToken cancellationToken) =>
            new SlowCopy(this, await _store.CreateAsync(bucket, key, identity, info, validatedAt, cancellationToken));

        public ValueTask RenewAsync(string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info, CancellationToken cancellationToken) =>
            _store.RenewAsync(bucket, key, etag, validatedAt, info, cancellationToken);

        public ValueTask DropAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken) => _store.DropAsync(bucket, key, onlyETag, cancellationToken);

        public IAsyncEnumerable<HeldRow> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) => _store.ListAsync(bucket, prefix, after, cancellationToken);

        public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => _store.ListBucketsAsync(cancellationToken);

        private async ValueTask<IHeldCopy?> WrappedAsync(ValueTask<IHeldCopy?> finding) => await finding is { } copy ? new SlowCopy(this, copy) : null;

        private sealed class SlowCopy(SlowStore store, IHeldCopy copy) : IHeldCopy
        {
            public HeldIdentity Identity => copy.Identity;

            public ObjectInfo Info => copy.Info;

            public DateTimeOffset ValidatedAt => copy.ValidatedAt;

            public bool IsCurrent => copy.IsCurrent;

            public ByteRange? FirstHeld(long position) => copy.FirstHeld(position);

            public IHeldReader Read(ByteRange range) => new SlowReader(store, copy.Read(range), range.Length == copy.Info.Size);

            public ValueTask CompleteAsync(CancellationToken cancellationToken) => copy.CompleteAsync(cancellationToken);

            public ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => copy.WriteAsync(position, bytes, cancellationToken);

            public ValueTask DisposeAsync() => copy.DisposeAsync();
        }

        /// <summary>Clients here do not give up: of who reads all of it and may, that is no client's read.</summary>
        private sealed class SlowReader(SlowStore store, IHeldReader reader, bool isOfAll) : IHeldReader
        {
            private bool _isSlow;

            public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
            {
                if (!_isSlow && isOfAll && cancellationToken.CanBeCanceled)
                {
                    _isSlow = true;
                    Interlocked.Increment(ref store._begun);
                    store.Most = Math.Max(store.Most, Interlocked.Increment(ref store._reading));
                }

                if (_isSlow)
                {
                    await store.GoOn.Task.WaitAsync(cancellationToken);
                }

                return await reader.ReadAsync(buffer, cancellationToken);
            }

            public ValueTask DisposeAsync()
            {
                if (_isSlow)
                {
                    Interlocked.Decrement(ref store._reading);
                }

                return reader.DisposeAsync();
            }
        }
    }
}
