using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// What is held of one version of one remote object. Bytes are written in any order and read in any order; bytes count as held only where
/// they come back with the checksum they were written with. Safe for one writer a region and any number of readers.
/// </summary>
public interface ICacheEntry : IAsyncDisposable
{
    /// <summary>Which remote object it is of.</summary>
    EntryIdentity Identity { get; }

    /// <summary>That version's size, ETag, date and headers.</summary>
    ObjectInfo Info { get; }

    /// <summary>When the copy was last known to be the remote's current version.</summary>
    DateTimeOffset ValidatedAt { get; }

    /// <summary>
    /// Whether those who look for the key's copy may find what is stored here; not once it was dropped, or another took its place. In
    /// memory.
    /// </summary>
    bool IsCurrent { get; }

    /// <summary>
    /// Whether more of it than the chunks that are begun is to be fetched into it. Not where that is for those alone who read it, as it was
    /// dropped, and would take room that others need until they leave: they can have the rest from the remote directly, if that has the
    /// version still. In memory.
    /// </summary>
    bool MayGrow => true;

    /// <summary>
    /// The first stretch of bytes at or after <paramref name="position"/> that is held, as far as it goes without a gap;
    /// null where nothing is held from there on. In memory: no reading from disk.
    /// </summary>
    ByteRange? FirstHeld(long position);

    /// <summary>
    /// Reads held bytes of a range. Bytes that become held behind the reader's place are seen by it, as far as they adjoin.
    /// </summary>
    IEntryReader Read(ByteRange range);

    /// <summary>Stores bytes as they come from the remote. They are held from the return of this call on.</summary>
    ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>
    /// A fill has come to its end, and what it brought was found to be what the remote promised. A store that keeps bytes aside until then
    /// puts them in their place now; it need not wait for that. May be called more than once.
    /// </summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Hides the copy, which is about to be dropped, from those who look for the key's copy, where that can be done in memory: none of it
    /// is found in this process from the return of this call on, nor put anywhere. Those who use it go on, also with what is written into
    /// it from then on.
    /// </summary>
    /// <returns>Whether nobody has to wait for the drop itself.</returns>
    bool TryWithdraw() => false;
}
