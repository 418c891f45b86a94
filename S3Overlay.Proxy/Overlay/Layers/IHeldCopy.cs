using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// What is held of one version of one remote object. Bytes are written in any order and read in any order; bytes count as held only where
/// they come back with the checksum they were written with. Safe for one writer a region and any number of readers.
/// </summary>
public interface IHeldCopy : IAsyncDisposable
{
    /// <summary>Which remote object it is of.</summary>
    HeldIdentity Identity { get; }

    /// <summary>That version's size, ETag, date and headers.</summary>
    ObjectInfo Info { get; }

    /// <summary>When the copy was last known to be the remote's current version.</summary>
    DateTimeOffset ValidatedAt { get; }

    /// <summary>
    /// The first stretch of bytes at or after <paramref name="position"/> that is held, as far as it goes without a gap;
    /// null where nothing is held from there on. In memory: no reading from disk.
    /// </summary>
    ByteRange? FirstHeld(long position);

    /// <summary>Reads held bytes. Returns fewer than asked for at a block's end, and 0 where the byte at <paramref name="position"/> is not
    /// held or was found damaged (and is then no longer held).</summary>
    ValueTask<int> ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Stores bytes as they come from the remote. They are held from the return of this call on.</summary>
    ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);
}
