using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>When only a few chunks fit at once, read-ahead takes no space from readers (rules C1, C5).</summary>
public sealed class CrampedSpoolTests : ReaderTestBase
{
    private const int Chunk = 1 << 20;

    [Fact]
    [Trait("Rule", "C5")]
    public async Task A_read_is_cached_without_room_for_read_ahead()
    {
        Wrap = static store => new CrampedStore(store);
        Settings = Settings with { ChunkThreshold = 0, ChunkSize = Chunk, ReadAheadBytes = 3 * Chunk };
        var bytes = Bytes((16 * Chunk) + 5);
        Remote.Put("key", bytes);
        Remote.OnByte = async (_, token) =>
        {
            await Task.Delay(1, token);
            Time.Advance(TimeSpan.FromMilliseconds(10));
        };
        Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Assert.InRange(Remote.Gets.Count, 1, 40);
        Assert.InRange(Remote.Bytes, bytes.Length, bytes.Length + (8 * Chunk));
        var again = await ReadAsync("key");
        Assert.Equal(("HIT", bytes.Length), (again.Headers["x-cache"].ToString(), again.Bytes.Length));
    }

    [Fact]
    [Trait("Rule", "C1")]
    [Trait("Rule", "C5")]
    public async Task Read_ahead_of_a_reader_that_finds_no_room_ends_no_other_fill()
    {
        const int Block = 64 * 1024;
        Wrap = static store => new FullStore(store, new ByteRange(3 * Block, Chunk - 1));
        Settings = Settings with { ChunkThreshold = 0, ChunkSize = Chunk };
        var bytes = Bytes(4 * Chunk);
        Remote.Put("key", bytes);
        var (ahead, other) = (new TaskCompletionSource(), new TaskCompletionSource());
        Remote.OnByte = (position, token) =>
            position == 3 * Block ? ahead.Task.WaitAsync(token) : position == (2 * Chunk) + Block ? other.Task.WaitAsync(token)
                : Task.CompletedTask;
        var elsewhere = ReadAsync("key", $"bytes={2 * Chunk}-{(2 * Chunk) + (4 * Block) - 1}");
        await Remote.UntilAsync(() => Remote.Bytes == Block, "The other reader's fill does not begin.");
        for (var at = 0; at < 3; at++)
        {
            var range = await ReadAsync("key", $"bytes={at * Block}-{((at + 1) * Block) - 1}");
            Assert.Equal(bytes[(at * Block)..((at + 1) * Block)], range.Bytes);
        }

        // The third range brought the rest of its chunk with it, for which there is no room.
        Assert.Equal(4, Remote.Gets.Count);
        ahead.SetResult();
        await Patience.UntilAsync(() => !Reader.Fills!.MayReadAhead, "The read-ahead finds room.");
        other.SetResult();
        Assert.Equal(bytes[(2 * Chunk)..((2 * Chunk) + (4 * Block))], (await elsewhere).Bytes);
        await QuietAsync();
        Assert.Equal(4, Remote.Gets.Count);
        var again = await ReadAsync("key", $"bytes={2 * Chunk}-{(2 * Chunk) + (4 * Block) - 1}");
        Assert.Equal("HIT", again.Headers["x-cache"].ToString());
    }

    /// <summary>A store without room for some bytes of each entry.</summary>
    private sealed class FullStore(ICacheStore store, ByteRange refused) : PassingStore(store)
    {
        public override async ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish,
            CancellationToken cancellationToken) =>
            await base.FindAsync(bucket, key, wish, cancellationToken) is { } copy ? new FullEntry(copy, refused) : null;

        public override async ValueTask<ICacheEntry> CreateAsync(string bucket, string key, EntryIdentity identity, ObjectInfo info,
            DateTimeOffset validatedAt, CancellationToken cancellationToken) =>
            new FullEntry(await base.CreateAsync(bucket, key, identity, info, validatedAt, cancellationToken), refused);
    }

    private sealed class FullEntry(ICacheEntry copy, ByteRange refused) : PassingEntry(copy)
    {
        public override ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            position <= refused.Last && refused.First < position + bytes.Length ? throw new CacheFullException("There is no room.")
                : base.WriteAsync(position, bytes, cancellationToken);
    }

    /// <summary>A store that has room for a chunk once the one before it is whole: for what is read, and for nothing ahead of it.</summary>
    private sealed class CrampedStore(ICacheStore store) : PassingStore(store)
    {
        public override async ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish,
            CancellationToken cancellationToken) =>
            await base.FindAsync(bucket, key, wish, cancellationToken) is { } copy ? new CrampedEntry(copy) : null;

        public override async ValueTask<ICacheEntry> CreateAsync(string bucket, string key, EntryIdentity identity, ObjectInfo info,
            DateTimeOffset validatedAt, CancellationToken cancellationToken) =>
            new CrampedEntry(await base.CreateAsync(bucket, key, identity, info, validatedAt, cancellationToken));
    }

    private sealed class CrampedEntry(ICacheEntry copy) : PassingEntry(copy)
    {
        public override async ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            while (!bytes.IsEmpty)
            {
                var chunk = position / Chunk;
                if (chunk > 0 && !IsWhole(chunk - 1))
                {
                    throw new CacheFullException("There is no room.");
                }

                var length = (int)Math.Min(bytes.Length, ((chunk + 1) * Chunk) - position);
                await base.WriteAsync(position, bytes[..length], cancellationToken);
                (position, bytes) = (position + length, bytes[length..]);
            }
        }

        private bool IsWhole(long chunk) =>
            FirstCached(chunk * Chunk) is { } held && held.First == chunk * Chunk
                && held.Last >= Math.Min((chunk + 1) * Chunk, Info.Size) - 1;
    }
}
