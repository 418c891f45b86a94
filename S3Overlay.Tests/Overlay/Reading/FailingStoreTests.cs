using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>A store that fails never fails the read (rule R3, table F: local full).</summary>
public class FailingStoreTests : ReaderTestBase
{
    [Theory]
    [Trait("Rule", "R3")]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(39)]
    public async Task Reads_continue_when_the_disk_is_full(long roomFor)
    {
        var bytes = Bytes(40);
        Remote.Put("key", bytes);
        Remote.PieceSize = 1;
        Wrap = store => new FullStore(store, roomFor);
        var responses = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ReadAsync("key")));
        Assert.All(responses, response => Assert.Equal(bytes, response.Bytes));
        Assert.All(responses, response => Assert.False(response.IsAborted));
        Assert.Equal(bytes[7..30], (await ReadAsync("key", "bytes=7-29")).Bytes);
        await QuietAsync();
    }

    [Fact]
    [Trait("Rule", "R3")]
    [Trait("Rule", "C3")]
    public async Task An_entry_that_cannot_be_evicted_for_a_write_is_read_to_its_end_and_released()
    {
        var bytes = Bytes(40);
        Remote.Put("key", bytes);
        UnevictableStore stuck = null!;
        Wrap = store => stuck = new UnevictableStore(store)
            { OnCreated = () => Assert.ThrowsAsync<IOException>(() => Reader.InvalidateAsync(Bucket, "key").AsTask()) };
        var response = await ReadAsync("key");
        Assert.Equal(bytes, response.Bytes);
        Assert.False(response.IsAborted);
        await Patience.UntilAsync(() => stuck.InUse == 0, "The entry is not released.");
        Assert.Equal(1, stuck.Created);
    }

    private sealed class UnevictableStore(ICacheStore store) : PassingStore(store)
    {
        private int _inUse;

        public required Func<Task> OnCreated { get; init; }

        public int InUse => Volatile.Read(ref _inUse);

        public int Created { get; private set; }

        public override async ValueTask<ICacheEntry> CreateAsync(string bucket, string key, EntryIdentity identity, ObjectInfo info,
            DateTimeOffset validatedAt, CancellationToken cancellationToken)
        {
            var copy = await base.CreateAsync(bucket, key, identity, info, validatedAt, cancellationToken);
            Interlocked.Increment(ref _inUse);
            Created++;
            await OnCreated();
            return new WatchedEntry(copy, long.MaxValue) { OnDisposed = () => Interlocked.Decrement(ref _inUse) };
        }

        public override ValueTask EvictAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken) =>
            throw new IOException("no answer");
    }

    private sealed class FullStore(ICacheStore store, long roomFor) : PassingStore(store)
    {
        public override async ValueTask<ICacheEntry> CreateAsync(string bucket, string key, EntryIdentity identity, ObjectInfo info,
            DateTimeOffset validatedAt, CancellationToken cancellationToken) =>
            roomFor < 0 ? throw new IOException("disk full")
                : new WatchedEntry(await base.CreateAsync(bucket, key, identity, info, validatedAt, cancellationToken), roomFor);
    }

    private sealed class WatchedEntry(ICacheEntry copy, long roomFor) : PassingEntry(copy)
    {
        public Action? OnDisposed { get; init; }

        public override ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            position + bytes.Length > roomFor ? throw new IOException("disk full") : base.WriteAsync(position, bytes, cancellationToken);

        public override ValueTask DisposeAsync()
        {
            OnDisposed?.Invoke();
            return base.DisposeAsync();
        }
    }
}
