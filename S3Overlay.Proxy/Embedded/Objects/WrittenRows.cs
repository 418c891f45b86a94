using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// A bucket's written objects as listing rows. They are read a page at a time, each as of one moment. A common prefix costs one look-up,
/// however many keys it has.
/// </summary>
internal sealed class WrittenRows(StoreRows rows, string bucket, ListingQuery query) : IListingSource
{
    private List<ListingRow> _page = [];
    private int _next;
    private ListingPosition _after = query.After;
    private bool _isLast;

    /// <inheritdoc/>
    public ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _next < _page.Count ? new(_page[_next++]) : _isLast ? new((ListingRow?)null) : ReadPageAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;

    /// <summary>On the thread pool: the disk may be slow, and the caller may be a socket's thread.</summary>
    private async ValueTask<ListingRow?> ReadPageAsync(CancellationToken cancellationToken)
    {
        var limit = Math.Clamp(query.PageSize, 1, StoreQueries.PageSize) + 1;
        _page = await Task.Run(() => rows.ReadTogether((bucket, query, _after, limit), static (connection, call) =>
            Read(connection, call.bucket, call.query, call._after, call.limit)), cancellationToken);
        _isLast = _page.Count < limit;
        _next = 1;
        if (_page.Count == 0)
        {
            return null;
        }

        _after = new ListingPosition(_page[^1].Name, _page[^1].Object is null);
        return _page[0];
    }

    private static List<ListingRow> Read(Connection connection, string bucket, ListingQuery query, ListingPosition after, int limit)
    {
        var page = new List<ListingRow>();
        var statement = connection.Prepare(Sql.ListObjects);
        if (after.Name.Length > 0 && Utf8Order.Compare(after.Name, query.Prefix) >= 0)
        {
            Start(after.Name, after.IsPrefix ? Sql.AfterAll : Sql.Zero);
        }
        else
        {
            Start(query.Prefix, after.IsPrefix && query.Prefix.StartsWith(after.Name, StringComparison.Ordinal) ? Sql.AfterAll : default);
        }

        try
        {
            while (page.Count < limit && statement.Step())
            {
                var key = statement.Key(0);
                if (query.CommonPrefixOf(key) is { } common)
                {
                    page.Add(new ListingRow(common, null));
                    statement.Reset();
                    Start(common, Sql.AfterAll);
                    continue;
                }

                var details = new FieldReader(statement.Blob(4));
                var item = ListedObject.Of(details.ReadDetails(statement.Number(1), statement.Text(3)!, statement.Number(2)));
                if (statement.Text(5) is { } acl)
                {
                    item = item with { OwnerId = ObjectAccess.FromText(acl).OwnerId };
                }

                page.Add(new ListingRow(key, item));
            }
        }
        finally
        {
            statement.Reset();
        }

        return page;

        void Start(string key, ReadOnlySpan<byte> behind) =>
            statement.BindKey(1, bucket).BindKey(2, key, behind).BindKey(3, query.Prefix, Sql.AfterAll);
    }
}
