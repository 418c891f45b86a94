using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// A bucket's written objects as listing rows. A common prefix costs one look-up, however many keys it has: the cursor jumps past the last
/// of them. So a page costs what it shows.
/// </summary>
internal sealed class WrittenRows : IListingSource
{
    private readonly ListingQuery _query;
    private readonly IndexSnapshot _snapshot;
    private readonly IndexCursor _cursor;
    private readonly byte[] _bucketPrefix;
    private readonly string _bucket;

    /// <summary>Where to continue; null for the row after the last one.</summary>
    private byte[]? _seek;

    /// <summary>The rows as of now.</summary>
    public WrittenRows(OrderedIndex index, string bucket, ListingQuery query)
    {
        (_bucket, _query) = (bucket, query);
        _bucketPrefix = RowKeys.OfKey(RowKeys.Object, bucket, "");
        _snapshot = index.Snapshot();
        _cursor = _snapshot.OpenCursor();
        _seek = Start(query);
    }

    /// <inheritdoc/>
    public ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(Next());
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _cursor.Dispose();
        _snapshot.Dispose();
        return default;
    }

    private ListingRow? Next()
    {
        var found = _seek is null ? _cursor.Next() : _cursor.Seek(_seek);
        _seek = null;
        if (!found || !_cursor.Key.StartsWith(_bucketPrefix))
        {
            _seek = [RowKeys.AfterAll];
            return null;
        }

        var key = RowKeys.KeyOf(_cursor.Key, _bucketPrefix.Length);
        if (!key.StartsWith(_query.Prefix, StringComparison.Ordinal))
        {
            _seek = [RowKeys.AfterAll];
            return null;
        }

        if (_query.CommonPrefixOf(key) is { } common)
        {
            _seek = RowKeys.OfKey(RowKeys.Object, _bucket, common, [RowKeys.AfterAll]);
            return new ListingRow(common, null);
        }

        return new ListingRow(key, ListedObject.Of(ObjectRow.Read(_cursor.Value).Info));
    }

    private byte[] Start(ListingQuery query)
    {
        var after = query.After;
        if (after.IsPrefix && query.Prefix.StartsWith(after.Name, StringComparison.Ordinal))
        {
            return [RowKeys.AfterAll];
        }

        if (after.Name.Length > 0 && Utf8Order.Compare(after.Name, query.Prefix) >= 0)
        {
            return RowKeys.OfKey(RowKeys.Object, _bucket, after.Name, after.IsPrefix ? [RowKeys.AfterAll] : [0]);
        }

        return RowKeys.OfKey(RowKeys.Object, _bucket, query.Prefix);
    }
}
