using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>A small, complete entry in memory, shared by all its readers. Its file may be closed, or deleted by hand.</summary>
/// <param name="file">The entry's file, for what its header says.</param>
/// <param name="lease">The use of the file in which the bytes were read.</param>
/// <param name="account">Counts its uses; held for this until it has left.</param>
/// <param name="bytes">All its bytes.</param>
internal sealed class HotEntry(CacheFile file, OpenFiles<ObjectName, CacheFile>.Lease lease, CacheLedger.Usage account, byte[] bytes)
    : HotBytes(bytes), ICacheEntry
{
    private volatile bool _hasLeft;

    /// <summary>The entry's file.</summary>
    public CacheFile File => file;

    /// <inheritdoc/>
    public EntryIdentity Identity => file.Header.Identity;

    /// <inheritdoc/>
    public ObjectInfo Info => file.Header.Info;

    /// <inheritdoc/>
    public DateTimeOffset ValidatedAt => file.Header.ValidatedAt;

    /// <inheritdoc/>
    public bool IsCurrent => lease.IsCurrent && !_hasLeft;

    /// <summary>The entry's file, its header and what counts its uses stay in memory with it.</summary>
    public override long Weight => Bytes.Length + 3072 + WeightOf(file.Header.Key, file.Header.Info);

    /// <summary>The memory that an entry's key and headers take, in bytes, at a guess.</summary>
    public static long WeightOf(string key, ObjectInfo info) =>
        (8 * key.Length) + info.Headers.Sum(static header => 2 * header.Value.Length);

    /// <summary>Notes a use.</summary>
    public void Use(DateTimeOffset now) => account.Use(now);

    /// <inheritdoc/>
    public ByteRange? FirstCached(long position) => position < Bytes.Length ? new ByteRange(position, Bytes.Length - 1) : null;

    /// <inheritdoc/>
    public IEntryReader Read(ByteRange range) => new Reader(Bytes.AsMemory((int)range.First, (int)range.Length));

    /// <summary>Nothing is missing, so nothing is written.</summary>
    public ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Nothing: the entry is shared.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override void Left()
    {
        _hasLeft = true;
        account.FileClosed();
    }

    private sealed class Reader(ReadOnlyMemory<byte> rest) : IEntryReader
    {
        /// <inheritdoc/>
        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var read = Math.Min(buffer.Length, rest.Length);
            rest[..read].CopyTo(buffer);
            rest = rest[read..];
            return new(read);
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
