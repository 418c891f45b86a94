using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>An entry that forwards everything to another one. Tests override what they change.</summary>
public abstract class PassingEntry(ICacheEntry copy) : ICacheEntry
{
    /// <inheritdoc/>
    public EntryIdentity Identity => copy.Identity;

    /// <inheritdoc/>
    public ObjectInfo Info => copy.Info;

    /// <inheritdoc/>
    public DateTimeOffset ValidatedAt => copy.ValidatedAt;

    /// <inheritdoc/>
    public bool IsCurrent => copy.IsCurrent;

    /// <inheritdoc/>
    public bool MayGrow => copy.MayGrow;

    /// <inheritdoc/>
    public ByteRange? FirstCached(long position) => copy.FirstCached(position);

    /// <inheritdoc/>
    public virtual IEntryReader Read(ByteRange range) => copy.Read(range);

    /// <inheritdoc/>
    public virtual ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        copy.WriteAsync(position, bytes, cancellationToken);

    /// <inheritdoc/>
    public ValueTask CompleteAsync(CancellationToken cancellationToken) => copy.CompleteAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => copy.DisposeAsync();
}
