using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>Keeps a key's listing rows consistent with its entry during an upload. The caller has the key's gate.</summary>
internal sealed class EntryRows(CacheBucketObjects objects, EntryRemoval removal)
{
    /// <summary>Writes an entry's row before the entry. The row is empty unless the key does not fit in its name.</summary>
    public Task PutAsync(EntryRecord record, CancellationToken cancellationToken) =>
        objects.PutAsync(EntryNames.Row(record), WireBody.Of(RowBodies.Of(record.Name.Key)), [], cancellationToken);

    /// <summary>
    /// Checks the rows after an upload, and removes those of other versions and of earlier dates. A later date belongs to another process's
    /// renewal in progress, which removes the others itself.
    /// </summary>
    /// <returns>False if the entry's own row is gone or marked as evicted: the entry must be removed as well.</returns>
    public async Task<bool> SettleAsync(EntryRecord record, CancellationToken cancellationToken)
    {
        var rows = await removal.RowsAsync(record.Name, cancellationToken);
        if (rows.Find(row => row.Name == EntryNames.Row(record)) is not { IsEvicted: false } own)
        {
            return false;
        }

        rows.Remove(own);
        rows.RemoveAll(row => !row.IsEvicted && OfSameBytes(row) is { } other && other.LastModified > record.Info.LastModified);

        // A row of the same bytes with another date is not kept for a late upload: listings would evict this entry for it.
        rows = rows.ConvertAll(row => OfSameBytes(row) is null ? row : row with { Put = DateTimeOffset.MinValue });
        if (rows.Count > 0)
        {
            await removal.RemoveRowsAsync(record.Name, rows, cancellationToken);
        }

        return true;

        CacheRow? OfSameBytes(StoredRow row) => EntryNames.ParseSuffix(record.Name.Key, EntryNames.SuffixOf(row.Name)) is { } other
            && record.IsOfSameBytes(other) ? other : null;
    }
}
