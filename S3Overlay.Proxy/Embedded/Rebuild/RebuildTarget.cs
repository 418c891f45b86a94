using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>The index being built: rows are written by the thousand, and pending rows are visible to look-ups.</summary>
internal sealed class RebuildTarget(string folder) : IAsyncDisposable
{
    private const int BatchSize = 1000;

    private readonly OrderedIndex _index = OrderedIndex.Open(new IndexOptions { Folder = folder, Disk = new StoreDisk(isDurable: false) });
    private readonly Dictionary<string, ObjectRow> _waitingRows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PartRow> _waitingParts = new(StringComparer.Ordinal);
    private IndexBatch _batch = new();
    private int _waiting;

    public long Objects { get; private set; }

    public ValueTask PutAsync(byte[] key, ReadOnlySpan<byte> value)
    {
        _batch.Put(key, value.ToArray());
        return ++_waiting >= BatchSize ? FlushAsync() : default;
    }

    public ObjectRow? Find(string bucket, string key) =>
        _waitingRows.GetValueOrDefault(bucket + "\0" + key)
        ?? (_index.TryGet(RowKeys.OfKey(RowKeys.Object, bucket, key), out var value) ? ObjectRow.Read(value) : null);

    /// <summary>Writes an object's row unless a newer one exists.</summary>
    /// <returns>The losing file; null if there was only one.</returns>
    public async ValueTask<FileId?> PutNewestAsync(string bucket, string key, ObjectRow row)
    {
        var known = Find(bucket, key);
        if (known is not null && known.Sequence > row.Sequence)
        {
            return row.File;
        }

        _waitingRows[bucket + "\0" + key] = row;
        Objects += known is null ? 1 : 0;
        await PutAsync(RowKeys.OfKey(RowKeys.Object, bucket, key), row.Write());
        return known?.File;
    }

    /// <summary>Writes a part's row unless a newer one of that number exists.</summary>
    /// <returns>The losing file; null if there was only one.</returns>
    public async ValueTask<FileId?> PutNewestPartAsync(string uploadId, PartRow row)
    {
        var rowKey = RowKeys.OfPart(uploadId, row.Number);
        var name = Convert.ToHexString(rowKey);
        var known = _waitingParts.GetValueOrDefault(name) ?? (_index.TryGet(rowKey, out var value) ? PartRow.Read(value) : null);
        if (known is not null && known.Sequence > row.Sequence)
        {
            return row.File;
        }

        _waitingParts[name] = row;
        await PutAsync(rowKey, row.Write());
        return known?.File;
    }

    /// <summary>Writes pending rows to the index.</summary>
    public async ValueTask FlushAsync()
    {
        var batch = _batch;
        (_batch, _waiting) = (new IndexBatch(), 0);
        await _index.CommitAsync(batch);
        _waitingRows.Clear();
        _waitingParts.Clear();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _index.DisposeAsync();
}
