using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// A cache entry: the cached bytes of one version of one remote object, written and read in any order. Bytes count as cached only if they
/// match the checksum they were written with. Safe for one writer per region and any number of readers.
/// </summary>
public interface ICacheEntry : IAsyncDisposable
{
    /// <summary>The remote object it belongs to.</summary>
    EntryIdentity Identity { get; }

    /// <summary>The version's size, ETag, date and headers.</summary>
    ObjectInfo Info { get; }

    /// <summary>When the entry was last known to be the remote's current version.</summary>
    DateTimeOffset ValidatedAt { get; }

    /// <summary>False once the entry was evicted or replaced: look-ups no longer find it. Costs nothing.</summary>
    bool IsCurrent { get; }

    /// <summary>
    /// False if fills should only finish the chunks they began. An evicted entry serves only its present readers and takes room that others
    /// need; the rest can be read from the remote directly, if that still has the version. Costs nothing.
    /// </summary>
    bool MayGrow => true;

    /// <summary>
    /// The first gapless range of cached bytes at or after <paramref name="position"/>; null if there is none. Does not read from disk.
    /// </summary>
    ByteRange? FirstCached(long position);

    /// <summary>Reads cached bytes of a range. The reader also sees adjoining bytes that are cached while it reads.</summary>
    IEntryReader Read(ByteRange range);

    /// <summary>Stores bytes from the remote. They count as cached when this call returns.</summary>
    ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a fill whose bytes match what the remote promised. A store that spools bytes until then stores them now; it need not wait for
    /// that. May be called more than once.
    /// </summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Hides an entry that is about to be evicted, if that is possible in memory: from the return of this call on, no look-up in this
    /// process finds it, and it is stored nowhere. Present users may continue to read and write it.
    /// </summary>
    /// <returns>True if the caller need not wait for the eviction itself.</returns>
    bool TryWithdraw() => false;
}

/// <summary>Reads bytes of a cache entry from front to back, one read at a time. The entry must outlive it.</summary>
public interface IEntryReader : IAsyncDisposable
{
    /// <summary>
    /// Reads the next bytes. Returns fewer than requested at a block's end, and 0 at the range's end or if the next byte is not cached.
    /// Damaged blocks no longer count as cached.
    /// </summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
