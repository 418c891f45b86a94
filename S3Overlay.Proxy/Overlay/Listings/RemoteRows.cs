using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// The remote's rows under the client's names. Pages are asked for as they are needed and no sooner: each one's token comes with the page before, so that
/// fetching ahead would gain little and cost a page too many whenever the other layer fills the rest.
/// </summary>
/// <remarks>
/// Servers differ in what they make of <c>start-after</c> beside a delimiter, and some know no delimiter of several characters. So rows before the position
/// are dropped, and keys are rolled up, here as well.
/// </remarks>
public sealed class RemoteRows : IListingSource
{
    private readonly RemoteBucket _bucket;
    private readonly ListingQuery _query;
    private readonly RowOrder _order;
    private readonly List<ListingRow> _rows = [];
    private int _next;
    private string? _lastShown;
    private string? _token;
    private bool _hasStarted;
    private bool _hasEnded;
    private bool _hasRolledUp;
    private int _pageSize;

    /// <summary>The rows that <paramref name="query"/> wants of <paramref name="bucket"/>.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="query">The query.</param>
    /// <param name="logger">Where a wrong order is told.</param>
    /// <param name="layer">What the layer is to people.</param>
    public RemoteRows(RemoteBucket bucket, ListingQuery query, ILogger logger, string layer = "remote")
    {
        _bucket = bucket;
        _query = query;
        _order = new RowOrder(layer, logger);
        _hasEnded = Places.IsPast(query);
        _pageSize = Math.Clamp(query.PageSize, 1, ListRequest.MaxPage);
    }

    /// <summary>Whether a row is at hand without asking the remote.</summary>
    public bool HasRowAtHand => _next < _rows.Count;

    /// <summary>
    /// Whether the remote says that more rows come behind those at hand. One that leaves rolling up to us counts keys, not rows: its word is no proof.
    /// </summary>
    public bool PromisesMore => !_hasEnded && !_hasRolledUp && LastName.Length > 0;

    /// <summary>The name of the last row taken, or the empty string.</summary>
    public string LastName { get; private set; } = "";

    /// <summary>The rows at hand behind the one taken last, without asking the remote.</summary>
    public IEnumerable<ListingRow> AtHand => _rows.Skip(_next);

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        while (_next == _rows.Count)
        {
            if (_hasEnded)
            {
                return null;
            }

            await FetchAsync(cancellationToken);
        }

        var row = _rows[_next++];
        LastName = row.Name;
        return row;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        var startAfter = _hasStarted ? "" : Places.StartAfter(_bucket.KeyPrefix, _query);
        var listing = new RemoteListing(_bucket.Name, _bucket.RemoteKey(_query.Prefix), _query.Delimiter, startAfter, _token, _pageSize);
        RemotePage page;
        try
        {
            page = await _bucket.Remote.ListAsync(listing, cancellationToken);
        }
        catch (RemoteException missing) when (missing.Failure == RemoteFailure.NoSuchBucket)
        {
            page = new RemotePage([], null);
        }

        if (page.NextToken is not null && page.NextToken == _token)
        {
            throw _order.Wrong("it gives the same page over and over");
        }

        _token = page.NextToken;
        _hasStarted = true;
        _hasEnded = page.NextToken is null;

        // What was hidden of this page will be hidden of the next as well: larger steps keep the number of pages logarithmic.
        _pageSize = Math.Min(_pageSize * 4, ListRequest.MaxPage);
        Take(page);
    }

    private void Take(RemotePage page)
    {
        _rows.Clear();
        _next = 0;
        foreach (var row in page.Rows)
        {
            if (!row.Name.StartsWith(_bucket.KeyPrefix, StringComparison.Ordinal))
            {
                throw _order.Wrong("it shows keys outside the prefix that was asked for");
            }

            var name = row.Name[_bucket.KeyPrefix.Length..];
            if (!name.StartsWith(_query.Prefix, StringComparison.Ordinal))
            {
                throw _order.Wrong("it shows keys outside the prefix that was asked for");
            }

            _order.Next(name);
            var shown = Shown(row, name);
            if (shown is not null && shown.Name != _lastShown)
            {
                _rows.Add(shown);
                _lastShown = shown.Name;
            }
        }
    }

    /// <summary>The row as clients see it; null where it lies before the position, or is the hidden prefix itself (a folder's mark).</summary>
    private ListingRow? Shown(ListingRow row, string name)
    {
        if (name.Length == 0)
        {
            return null;
        }

        var commonPrefix = _query.CommonPrefixOf(name);
        if (row.IsPrefix)
        {
            if (commonPrefix != name)
            {
                throw _order.Wrong("its common prefixes are not those of the delimiter");
            }

            return IsBehind(name) ? row with { Name = name } : null;
        }

        if (!_query.After.IsBefore(name))
        {
            return null;
        }

        if (commonPrefix is null)
        {
            return row with { Name = name };
        }

        _hasRolledUp = true;
        return new ListingRow(commonPrefix, null);
    }

    /// <summary>Whether keys under a common prefix lie behind the position; the prefix itself may stand before it.</summary>
    private bool IsBehind(string prefix)
    {
        var (name, isPrefix) = _query.After;
        return _query.After.IsBefore(prefix) || (name.StartsWith(prefix, StringComparison.Ordinal) && !(isPrefix && name == prefix));
    }
}
