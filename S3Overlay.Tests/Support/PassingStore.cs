using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>A cache store that forwards everything to another one. Tests override what they change.</summary>
public abstract class PassingStore(ICacheStore store) : ICacheStore
{
    public virtual ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish, CancellationToken cancellationToken) =>
        store.FindAsync(bucket, key, wish, cancellationToken);

    public virtual ValueTask<ICacheEntry> CreateAsync(
        string bucket, string key, EntryIdentity identity, ObjectInfo info, DateTimeOffset validatedAt,
        CancellationToken cancellationToken) =>
        store.CreateAsync(bucket, key, identity, info, validatedAt, cancellationToken);

    public virtual ValueTask RenewAsync(string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info,
        CancellationToken cancellationToken) =>
        store.RenewAsync(bucket, key, etag, validatedAt, info, cancellationToken);

    public virtual ValueTask EvictAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken) =>
        store.EvictAsync(bucket, key, onlyETag, cancellationToken);

    public IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        store.ListAsync(bucket, prefix, after, cancellationToken);

    public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => store.ListBucketsAsync(cancellationToken);
}
