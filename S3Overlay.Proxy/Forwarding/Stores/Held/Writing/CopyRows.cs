using System.Text;

using S3Overlay.Proxy.Forwarding.Stores.Held.Format;
using S3Overlay.Proxy.Forwarding.Stores.Held.Removal;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Held.Writing;

/// <summary>Keeps a key's listing rows in step with its copy, while that is put. The caller has the key's gate.</summary>
internal sealed class CopyRows(HeldObjects objects, CopyRemoval removal)
{
    /// <summary>Writes a copy's row, before the copy shows. It is empty, unless the key is too long to stand in its name.</summary>
    public Task PutAsync(CopyRecord record, CancellationToken cancellationToken)
    {
        var key = CacheNames.IsCut(CacheNames.OfKey(record.Name.Key)) ? Encoding.UTF8.GetBytes(record.Name.Key) : [];
        return objects.PutAsync(HeldNames.Row(record), WireBody.Of(key), [], cancellationToken);
    }

    /// <summary>
    /// Looks at the rows once a copy was put: those of older versions go, and of older dates of this one. One of a later date is that of a renewal by another process, which has put it and is about
    /// to write what it is of; that one's look takes the others away.
    /// </summary>
    /// <returns>False where the copy's own is gone: somebody dropped it meanwhile, and it is to be dropped here as well.</returns>
    public async Task<bool> SettleAsync(CopyRecord record, CancellationToken cancellationToken)
    {
        var rows = await removal.RowsAsync(record.Name, cancellationToken);
        if (!rows.Remove(HeldNames.Row(record)))
        {
            return false;
        }

        rows.RemoveAll(row => HeldNames.ParseSuffix(record.Name.Key, HeldNames.SuffixOf(row)) is { } other
            && ETags.Same(other.ETag, record.Info.ETag) && other.Size == record.Info.Size && other.LastModified > record.Info.LastModified);
        if (rows.Count > 0)
        {
            await removal.RemoveRowsAsync(record.Name, rows, cancellationToken);
        }

        return true;
    }
}
