using System.Globalization;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Embedded;

/// <summary>Tombstones of the built-in store. A tombstone's stamp is its number in the order of all writes and deletes.</summary>
public sealed class EmbeddedMarks(EmbeddedStore store) : IDeleteMarks
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
            // Rows of tombstones that were removed with their bucket may still exist.
            if (store.Buckets.Find(bucket) is { IsOpaque: true } || await ListAsync(bucket, "", "", cancellationToken)
                .AnyAsync(cancellationToken))
            {
                yield return bucket;
            }
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<Tombstone> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        store.Tombstones.ListAsync(bucket, prefix, after, static (key, sequence) => Show(key, sequence), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Tombstone?> FindAsync(string bucket, string key, CancellationToken cancellationToken) =>
        new(store.Tombstones.Find(bucket, key) is { } sequence ? Show(key, sequence) : null);

    /// <inheritdoc/>
    public ValueTask<UndeleteOutcome> DiscardAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken) =>
        new(store.Tombstones.DiscardAsync(
            bucket, tombstone.Key, ulong.Parse(tombstone.Stamp, CultureInfo.InvariantCulture), cancellationToken));

    /// <inheritdoc/>
    public ValueTask<bool> DiscardBucketAsync(string bucket, CancellationToken cancellationToken) =>
        new(store.Buckets.DiscardMarkAsync(bucket, cancellationToken));

    private static Tombstone Show(string key, ulong sequence) => new(key, sequence.ToString(CultureInfo.InvariantCulture), null);
}
