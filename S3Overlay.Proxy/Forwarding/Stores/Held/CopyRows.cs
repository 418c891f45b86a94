using System.Text;

namespace S3Overlay.Proxy.Forwarding.Stores.Held;

/// <summary>Keeps a key's listing rows in step with its copy, while that is put. The caller has the key's gate.</summary>
internal sealed class CopyRows(HeldObjects objects, LiveCopies live, CopyRemoval removal)
{
    /// <summary>Writes a copy's row, before the copy shows. It is empty, unless the key is too long to stand in its name.</summary>
    public Task PutAsync(CopyRecord record, CancellationToken cancellationToken)
    {
        var key = CacheNames.IsCut(CacheNames.OfKey(record.Name.Key)) ? Encoding.UTF8.GetBytes(record.Name.Key) : [];
        return objects.PutAsync(HeldNames.Row(record), WireBody.Of(key), [], cancellationToken);
    }

    /// <summary>
    /// Looks at the rows once the copy was put: those of older versions go; where the copy's own is gone, somebody dropped it meanwhile, and it is dropped here
    /// as well.
    /// </summary>
    public async Task SettleAsync(SharedCopy copy, CancellationToken cancellationToken)
    {
        var rows = await removal.RowsAsync(copy.Name, cancellationToken);
        if (!rows.Remove(HeldNames.Row(copy.Record)))
        {
            live.Drop(copy);
        }
        else if (rows.Count > 0)
        {
            await removal.RemoveRowsAsync(copy.Name, rows, cancellationToken);
        }
    }
}
