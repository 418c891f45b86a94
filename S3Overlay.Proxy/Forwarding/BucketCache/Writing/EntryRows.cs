using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.BucketCache.Rows;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>Keeps a key's listing rows in step with its copy, while that is put. The caller has the key's gate.</summary>
internal sealed class EntryRows(CacheBucketObjects objects, EntryRemoval removal)
{
    /// <summary>Writes a copy's row, before the copy shows. It is empty, unless the key is too long to stand in its name.</summary>
    public Task PutAsync(EntryRecord record, CancellationToken cancellationToken) =>
        objects.PutAsync(EntryNames.Row(record), WireBody.Of(RowBodies.Of(record.Name.Key)), [], cancellationToken);

    /// <summary>
    /// Looks at the rows once a copy was put: those of older versions go, and of older dates of this one. One of a later date is that of a
    /// renewal by another process, which has put it and is about to write what it is of; that one's look takes the others away.
    /// </summary>
    /// <returns>False where the copy's own is gone, or says that it was dropped: somebody dropped it meanwhile, and it is to be dropped
    /// here as well.</returns>
    public async Task<bool> SettleAsync(EntryRecord record, CancellationToken cancellationToken)
    {
        var rows = await removal.RowsAsync(record.Name, cancellationToken);
        if (rows.Find(row => row.Name == EntryNames.Row(record)) is not { IsDropped: false } own)
        {
            return false;
        }

        rows.Remove(own);
        rows.RemoveAll(row => !row.IsDropped && OfSameBytes(row) is { } other && other.LastModified > record.Info.LastModified);

        // A row of the same bytes with another date waits for no late copy: listings would drop this one for it.
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
