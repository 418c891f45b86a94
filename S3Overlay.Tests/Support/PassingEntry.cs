using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>An entry that forwards everything to another one. Tests override what they change.</summary>
public abstract class PassingEntry(ICacheEntry copy) : ICacheEntry
{
    public EntryIdentity Identity => copy.Identity;

    public ObjectInfo Info => copy.Info;

    public DateTimeOffset ValidatedAt => copy.ValidatedAt;

    public bool IsCurrent => copy.IsCurrent;

    public bool MayGrow => copy.MayGrow;

    public bool HasBytes => copy.HasBytes;

    public void RetryUndelivered() => copy.RetryUndelivered();

    public ByteRange? FirstCached(long position) => copy.FirstCached(position);

    public virtual IEntryReader Read(ByteRange range) => copy.Read(range);

    public virtual ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        copy.WriteAsync(position, bytes, cancellationToken);

    public ValueTask CompleteAsync(CancellationToken cancellationToken) => copy.CompleteAsync(cancellationToken);

    public virtual ValueTask DisposeAsync() => copy.DisposeAsync();
}
