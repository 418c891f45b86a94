using S3Overlay.Proxy.Embedded.Deletes;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// Brings into the index what the log of deletes says and a crash, or a disk that failed, kept from it: the log is written first. A rebuild
/// would find these deletes, and the two must not differ.
/// </summary>
internal sealed class DeleteReplay
{
    /// <summary>So many rows share a commit.</summary>
    private const int AtOnce = 4096;

    private readonly OrderedIndex _index;

    /// <summary>The rows that records were about since the last commit, as these leave them: null where there is none.</summary>
    private readonly Dictionary<(byte Kind, string Bucket, string Key), byte[]?> _rows = [];

    private DeleteReplay(OrderedIndex index) => _index = index;

    /// <summary>
    /// Applies the records that the index does not know yet, some thousand rows at a time. Each row becomes what the last of the records
    /// about it leaves.
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
