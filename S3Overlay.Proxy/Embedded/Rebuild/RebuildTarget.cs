using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>The index that is being built: rows go in by the thousand, and what waits to go in is seen by whoever compares.</summary>
internal sealed class RebuildTarget(string folder) : IAsyncDisposable
{
    private const int BatchSize = 1000;

    private readonly OrderedIndex _index = OrderedIndex.Open(new IndexOptions { Folder = folder, Disk = new StoreDisk(isDurable: false) });
    private readonly Dictionary<string, ObjectRow> _waitingRows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PartRow> _waitingParts = new(StringComparer.Ordinal);
    private IndexBatch _batch = new();
    private int _waiting;

    /// <summary>How many objects are in it.</summary>
    public long Objects { get; private set; }

    /// <summary>Puts a row.</summary>
    public ValueTask PutAsync(byte[] key, ReadOnlySpan<byte> value)
    {
        _batch.Put(key, value.ToArray());
        return ++_waiting >= BatchSize ? FlushAsync() : default;
    }

    /// <summary>The object that is there so far.</summary>
    public ObjectRow? Find(string bucket, string key) =>
        _waitingRows.GetValueOrDefault(bucket + "\0" + key)
        ?? (_index.TryGet(RowKeys.OfKey(RowKeys.Object, bucket, key), out var value) ? ObjectRow.Read(value) : null);

    /// <summary>Puts an object unless a newer one is there.</summary>
    /// <returns>The file that lost; null where there was only one.</returns>
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

    /// <summary>Puts a part unless a newer one of that number is there.</summary>
    /// <returns>The file that lost; null where there was only one.</returns>
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

    /// <summary>Brings what waits into the index.</summary>
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
