using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Rows;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>Keeps a key's rows in step with the copy under it, while that is put.</summary>
internal sealed class PlacedRows(PlacedCopies copies)
{
    /// <summary>Writes a row, finished or not. It is empty, unless the key is too long to stand in its name.</summary>
    public Task PutAsync(EntryRecord record, string row, CancellationToken cancellationToken) =>
        copies.Objects.PutAsync(row, WireBody.Of(RowBodies.Of(record.Name.Key)), [], cancellationToken);

    /// <summary>
    /// Takes back the unfinished row of a copy that was not put. Where other proxies may put that very version, it is theirs as well, and
    /// goes when it is old.
    /// </summary>
    public Task TakeBackAsync(ObjectName name, string unfinished, CancellationToken cancellationToken) =>
        copies.Objects.IsAlone ? copies.DeleteRowAsync(name, unfinished, cancellationToken) : Task.CompletedTask;

    /// <summary>
    /// Finishes the row of a copy that was put and is there; all others of the key go. Where somebody dropped the copy meanwhile, it goes
    /// too.
    /// </summary>
    public async Task FinishAsync(EntryRecord record, string md5, DateTimeOffset placed, CancellationToken cancellationToken)
    {
        var finished = PlacedNames.Row(record, md5, placed);
        await PutAsync(record, finished, cancellationToken);
        var rows = await copies.RowsAsync(record.Name, cancellationToken);
        if (rows.RemoveAll(row => row.Name == finished) > 0)
        {
            // Of this version the finished row is the youngest, and speaks for all; for one with another date listings would drop the copy.
            await copies.RetireAsync(record.Name, rows.ConvertAll(row => IsOfSameBytes(row) ? row with { Put = DateTimeOffset.MinValue }
                : row), wasThere: true, cancellationToken);
        }
        else
        {
            await copies.RemoveObjectAsync(record.Name, row => row == record.Row, cancellationToken);
        }

        bool IsOfSameBytes(StoredRow row) => PlacedNames.ParseSuffix(record.Name.Key, EntryNames.SuffixOf(row.Name)) is { } other
            && record.IsOfSameBytes(other);
    }
}
