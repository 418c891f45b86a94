using S3Overlay.Proxy.Embedded.Deletes;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// Applies records of the delete log that a crash or a failing disk kept from the index: the log is written first. A rebuild would find
/// these deletes, and the two must agree.
/// </summary>
internal sealed class DeleteReplay
{
    /// <summary>Rows per commit.</summary>
    private const int AtOnce = 4096;

    private readonly OrderedIndex _index;

    /// <summary>Rows changed since the last commit: their new value, null if deleted.</summary>
    private readonly Dictionary<(byte Kind, string Bucket, string Key), byte[]?> _rows = [];

    private DeleteReplay(OrderedIndex index) => _index = index;

    /// <summary>
    /// Applies the records that the index lacks, some thousand rows at a time. Each row becomes what its last record leaves.
    /// </summary>
    public static async Task ApplyAsync(IEnumerable<DeleteRecord> records, OrderedIndex index)
    {
        var replay = new DeleteReplay(index);
        foreach (var record in records)
        {
            replay.Apply(record);
            if (replay._rows.Count >= AtOnce)
            {
                await replay.FollowAsync();
            }
        }

        await replay.FollowAsync();
    }

    private async Task FollowAsync()
    {
        await _index.FollowAsync(Changes(_rows));
        _rows.Clear();
    }

    private void Apply(DeleteRecord record)
    {
        var name = (RowKeys.Object, record.Bucket, record.Key);
        var mark = (RowKeys.Tombstone, record.Bucket, record.Key);
        switch (record.Kind)
        {
            case DeleteKind.Grave when Find(name) is { } row && ObjectRow.Read(row).Sequence < record.Sequence:
                _rows[name] = null;
                break;
            case DeleteKind.Tombstone when Find(mark) is not { } known || SequenceCounter.Read(known) < record.Sequence:
                _rows[mark] = SequenceCounter.RowValue(record.Sequence);
                break;
            case DeleteKind.Discard when Find(mark) is { } known && SequenceCounter.Read(known) <= record.Sequence:
                _rows[mark] = null;
                break;
            case DeleteKind.Tags when Find(name) is { } row && ObjectRow.Read(row) is var found && found.File == record.File:
                _rows[name] = [.. (found with { Tags = record.Tags }).Write()];
                break;
        }
    }

    private byte[]? Find((byte Kind, string Bucket, string Key) name)
    {
        if (!_rows.TryGetValue(name, out var row))
        {
            _index.TryGet(RowKeys.OfKey(name.Kind, name.Bucket, name.Key), out row);
            _rows.Add(name, row);
        }

        return row;
    }

    private IndexBatch Changes(IEnumerable<KeyValuePair<(byte Kind, string Bucket, string Key), byte[]?>> rows)
    {
        var batch = new IndexBatch();
        foreach (var ((kind, bucket, key), row) in rows)
        {
            var rowKey = RowKeys.OfKey(kind, bucket, key);
            _index.TryGet(rowKey, out var known);
            if (row is null && known is not null)
            {
                batch.Delete(rowKey);
            }
            else if (row is not null && !row.AsSpan().SequenceEqual(known))
            {
                batch.Put(rowKey, row);
            }
        }

        return batch;
    }
}
