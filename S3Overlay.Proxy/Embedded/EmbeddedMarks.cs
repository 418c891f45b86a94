using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

using S3Overlay.Proxy.Embedded.Listings;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Embedded;

/// <summary>The marks of deletes in the built-in store. A tombstone's stamp is its number in the order of all writes and deletes.</summary>
public sealed class EmbeddedMarks(EmbeddedStore store) : IDeleteMarks
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListBucketsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var names = new SortedSet<string>(store.Buckets.ListOpaque(), StringComparer.Ordinal);
        foreach (var bucket in BucketsWithTombstones())
        {
            names.Add(bucket);
        }

        foreach (var bucket in names)
        {
            // Rows of tombstones that went with their bucket may still be there.
            if (store.Buckets.Find(bucket) is { IsOpaque: true } || await ListAsync(bucket, "", "", cancellationToken).AnyAsync(cancellationToken))
            {
                yield return bucket;
            }
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<Tombstone> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        DeletedKeys.ListAsync(
            store.Index, store.Objects, bucket, prefix, after, static (key, sequence) => Show(key, sequence), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Tombstone?> FindAsync(string bucket, string key, CancellationToken cancellationToken) =>
        new(store.Objects.FindTombstone(bucket, key) is { } sequence ? Show(key, sequence) : null);

    /// <inheritdoc/>
    public ValueTask<DiscardOutcome> DiscardAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken) =>
        new(store.Objects.DiscardTombstoneAsync(
            bucket, tombstone.Key, ulong.Parse(tombstone.Stamp, CultureInfo.InvariantCulture), cancellationToken));

    /// <inheritdoc/>
    public ValueTask<bool> DiscardBucketAsync(string bucket, CancellationToken cancellationToken) =>
        new(store.Buckets.DiscardMarkAsync(bucket, cancellationToken));

    private static Tombstone Show(string key, ulong sequence) => new(key, sequence.ToString(CultureInfo.InvariantCulture), null);

    /// <summary>One look-up a bucket: the cursor jumps behind the last tombstone of each.</summary>
    private List<string> BucketsWithTombstones()
    {
        var names = new List<string>();
        using var snapshot = store.Index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek([RowKeys.Tombstone]); found && cursor.Key[0] == RowKeys.Tombstone;)
        {
            var row = cursor.Key[1..];
            var bucket = Encoding.UTF8.GetString(row[..row.IndexOf((byte)0)]);
            names.Add(bucket);
            found = cursor.Seek(RowKeys.OfKey(RowKeys.Tombstone, bucket, "", [RowKeys.AfterAll]));
        }

        return names;
    }
}
