using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>A cache store that forwards everything to another one. Tests override what they change.</summary>
public abstract class PassingStore(ICacheStore store) : ICacheStore
{
    /// <inheritdoc/>
    public virtual ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish, CancellationToken cancellationToken) =>
        store.FindAsync(bucket, key, wish, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<ICacheEntry> CreateAsync(
        string bucket, string key, EntryIdentity identity, ObjectInfo info, DateTimeOffset validatedAt,
        CancellationToken cancellationToken) =>
        store.CreateAsync(bucket, key, identity, info, validatedAt, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask RenewAsync(string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info,
        CancellationToken cancellationToken) =>
        store.RenewAsync(bucket, key, etag, validatedAt, info, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask EvictAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken) =>
        store.EvictAsync(bucket, key, onlyETag, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        store.ListAsync(bucket, prefix, after, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => store.ListBucketsAsync(cancellationToken);
}
