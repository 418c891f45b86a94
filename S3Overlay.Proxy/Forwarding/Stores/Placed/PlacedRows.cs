using System.Text;

using S3Overlay.Proxy.Forwarding.Stores.Held.Format;
using S3Overlay.Proxy.Forwarding.Wire;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>Keeps a key's rows in step with the copy under it, while that is put.</summary>
internal sealed class PlacedRows(PlacedCopies copies)
{
    /// <summary>Writes a row, finished or not. It is empty, unless the key is too long to stand in its name.</summary>
    public Task PutAsync(CopyRecord record, string row, CancellationToken cancellationToken)
    {
        var key = CacheNames.IsCut(CacheNames.OfKey(record.Name.Key)) ? Encoding.UTF8.GetBytes(record.Name.Key) : [];
        return copies.Objects.PutAsync(row, WireBody.Of(key), [], cancellationToken);
    }

    /// <summary>Finishes the row of a copy that was put and is there; all others of the key go. Where somebody dropped the copy meanwhile, it goes too.</summary>
    public async Task FinishAsync(CopyRecord record, string md5, DateTimeOffset placed, CancellationToken cancellationToken)
    {
        var finished = PlacedNames.Row(record, md5, placed);
        await PutAsync(record, finished, cancellationToken);
        var rows = await copies.RowsAsync(record.Name, cancellationToken);
        if (rows.Remove(finished))
        {
            await copies.RemoveRowsAsync(rows, cancellationToken);
        }
        else
        {
            await copies.RemoveObjectAsync(record.Name, row => row == record.Row, cancellationToken);
        }
    }
}
