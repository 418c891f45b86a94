using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Embedded;

/// <summary>
/// Changes in the built-in store: its rows have everything. A written object's stamp is its number in the order of all writes.
/// </summary>
public sealed class EmbeddedChanges(EmbeddedStore store) : ILocalChanges
{
    /// <inheritdoc/>
    public IAsyncEnumerable<LocalChange> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        ILocalChanges.MergeAsync(
            ListWrittenAsync(bucket, prefix, after, cancellationToken),
            store.Tombstones.ListAsync(bucket, prefix, after, EmbeddedTombstones.Show, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<LocalChange?> FindAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        var row = await store.Objects.FindAsync(bucket, key);
        var tombstone = await store.Tombstones.FindAsync(bucket, key);
        return ILocalChanges.Of(row is null ? null : Show(key, row), tombstone is null ? null : EmbeddedTombstones.Show(key, tombstone));
    }

    /// <inheritdoc/>
    public ValueTask<LocalChange?> CompleteAsync(string bucket, LocalChange change, CancellationToken cancellationToken) => new(change);

    /// <inheritdoc/>
    public ValueTask<string?> TagsAsync(string bucket, LocalChange change, CancellationToken cancellationToken) => new(change.Tags);

    /// <inheritdoc/>
    public ValueTask<RevertOutcome> RevertAsync(string bucket, string key, LocalRevert what, CancellationToken cancellationToken) =>
        new(store.Tombstones.RevertAsync(bucket, key, what.Only, what.AllVersions, cancellationToken));

    private async IAsyncEnumerable<LocalChange> ListWrittenAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isAfter = after.Length > 0 && Protocol.Listings.Utf8Order.Compare(after, prefix) >= 0;
        for (var from = isAfter ? after : prefix; ; isAfter = true)
        {
            var start = (Key: from, IsAfter: isAfter);
            var page = await Task.Run(() => store.Rows.ListObjects(bucket, prefix, start.Key, start.IsAfter), cancellationToken);
            foreach (var (key, row) in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Show(key, row);
            }

            if (page.Count < StoreQueries.PageSize)
            {
                yield break;
            }

            from = page[^1].Key;
        }
    }

    private static LocalChange Show(string key, ObjectRow row) => new(key)
    {
        Written = row.Info,
        Stamp = row.Stamp,
        Base = row.Base,
        At = row.Info.LastModified,
        Tags = row.Tags,
    };
}
