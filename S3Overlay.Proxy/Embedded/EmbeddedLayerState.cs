using System.Globalization;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded;

/// <summary>A key's state in the built-in store: one look-up in its index.</summary>
public sealed class EmbeddedLayerState(EmbeddedStore store) : ILayerState
{
    /// <inheritdoc/>
    public async ValueTask<KeyState> ResolveAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await store.Objects.FindAsync(bucket, key) is not null ? KeyState.Written
            : await store.Tombstones.HasAsync(bucket, key) ? KeyState.Deleted
            : KeyState.Nothing;

    /// <inheritdoc/>
    public ValueTask MarkDeletedAsync(string bucket, string key, RemoteBase? known, CancellationToken cancellationToken) =>
        new(store.Tombstones.LeaveAsync(bucket, key, known, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<BucketState> ResolveBucketAsync(string bucket, CancellationToken cancellationToken) =>
        new(store.Buckets.Find(bucket) is { } record ? new BucketState(record.Exists, record.IsOpaque) : default);

    /// <inheritdoc/>
    public async ValueTask EnsureBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        if (store.Buckets.Find(bucket) is not { Exists: true })
        {
            await store.Buckets.CreateAsync(bucket, store.Region, store.Now, null, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteBucketAsync(string bucket, CancellationToken cancellationToken) =>
        new(store.DeleteBucketAsync(bucket, isOpaque: true, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken) =>
        new([.. store.Buckets.List().Select(static record => new LayerBucket(record.Name, record.Created))]);

    /// <inheritdoc/>
    public IListingSource ListWritten(string bucket, ListingQuery query) => store.ListWritten(bucket, query);

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListDeletedAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        store.Tombstones.ListAsync(bucket, prefix, after, static (key, _) => key, cancellationToken);
}

/// <summary>Tombstones of the built-in store. A tombstone's stamp is its number in the order of all writes and deletes.</summary>
public sealed class EmbeddedTombstones(EmbeddedStore store) : ITombstones
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListBucketsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var names = new SortedSet<string>(store.Buckets.ListOpaque(), StringComparer.Ordinal);
        foreach (var bucket in store.Tombstones.ListBuckets())
        {
            names.Add(bucket);
        }

        foreach (var bucket in names)
        {
            if (store.Buckets.Find(bucket) is { IsOpaque: true } || await ListAsync(bucket, "", "", cancellationToken)
                .AnyAsync(cancellationToken))
            {
                yield return bucket;
            }
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<Tombstone> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        store.Tombstones.ListAsync(bucket, prefix, after, static (key, row) => Show(key, row), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<Tombstone?> FindAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await store.Tombstones.FindAsync(bucket, key) is { } row ? Show(key, row) : null;

    /// <inheritdoc/>
    public ValueTask<UndeleteOutcome> UndeleteAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken) =>
        new(store.Tombstones.UndeleteAsync(
            bucket, tombstone.Key, ulong.Parse(tombstone.Stamp, CultureInfo.InvariantCulture), cancellationToken));

    /// <inheritdoc/>
    public ValueTask RestoreBaseAsync(string bucket, Tombstone tombstone, RemoteBase known, CancellationToken cancellationToken) =>
        new(store.Tombstones.RestoreBaseAsync(
            bucket, tombstone.Key, ulong.Parse(tombstone.Stamp, CultureInfo.InvariantCulture), known, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<bool> UndeleteBucketAsync(string bucket, CancellationToken cancellationToken) =>
        new(store.Buckets.RemoveTombstoneAsync(bucket, cancellationToken));

    internal static Tombstone Show(string key, TombstoneRow row) =>
        new(key, row.Sequence.ToString(CultureInfo.InvariantCulture), row.Made is { } made ? HttpDates.WholeSeconds(made) : null)
        {
            Base = row.Base,
            Marker = row.Marker,
            Over = row.Over,
        };
}
