using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// The rows of one place below, under the client's names. Pages are asked for as they are needed and no sooner: each one's token comes with the page before, so that
/// fetching ahead would gain little and cost a page too many whenever the other layer fills the rest.
/// </summary>
/// <remarks>
/// Servers differ in what they make of <c>start-after</c> beside a delimiter, and some know no delimiter of several characters. So rows before the position
/// are dropped, and keys are rolled up, here as well. What another place has (rule M3) is left out, and stepped over where a page ends within it.
/// </remarks>
public sealed class RemoteRows : IListingSource
{
    private readonly ListingShare _share;
    private readonly RemoteBucket _place;
    private readonly string _delimiter;
    private readonly Func<RowOrder> _newOrder;
    private ListingQuery _query;
    private RowOrder _order;
    private readonly List<ListingRow> _rows = [];
    private int _next;
    private string? _lastShown;
    private string? _token;
    private bool _hasStarted;
    private bool _hasEnded;
    private bool _hasRolledUp;
    private bool _hasPromise;
    private int _pageSize;
    private string _bound;

    /// <summary>The rows of a share of a listing.</summary>
    /// <param name="share">What is wanted, and where it is.</param>
    /// <param name="logger">Where a wrong order is told.</param>
    /// <param name="layer">What the layer is to people.</param>
    public RemoteRows(ListingShare share, ILogger logger, string layer = "remote")
    {
        _share = share;
        _place = share.Place;
        _delimiter = share.Delimiter;
        _newOrder = () => new RowOrder(layer, logger);
        _order = _newOrder();
        _pageSize = Math.Clamp(share.Query.PageSize, 1, ListRequest.MaxPage);
        _query = share.Query;
        if (share.HiddenUnder(_query.After.Name) is { } hidden)
        {
            StepOver(hidden);
        }

        _hasEnded = Places.IsPast(_query with { Prefix = share.Prefix });
        var start = Places.After(_query.After);
        _bound = Utf8Order.Compare(start, share.Prefix) < 0 ? share.Prefix : start;
    }

    /// <summary>Whether a row is at hand without asking the remote.</summary>
    public bool HasRowAtHand => _next < _rows.Count;

    /// <summary>
    /// Whether the remote says that more rows come behind those at hand. One that leaves rolling up to us counts keys, not rows: its word is no proof.
    /// </summary>
    public bool PromisesMore => _hasPromise && !_hasRolledUp && LastName.Length > 0 && !_share.HidesBehind(_bound);

    /// <summary>Whether no row follows those that were taken. False while only asking would tell.</summary>
    public bool IsDone => _hasEnded && !HasRowAtHand;

    /// <summary>No row that follows stands before this name.</summary>
    public string Bound => HasRowAtHand ? _rows[_next].Name : _bound;

    /// <summary>The name of the last row taken, or the empty string.</summary>
    public string LastName { get; private set; } = "";

    /// <summary>The rows at hand behind the one taken last, without asking the remote.</summary>
    public IEnumerable<ListingRow> AtHand => _rows.Skip(_next);

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        while (!HasRowAtHand)
        {
            if (_hasEnded)
            {
                return null;
            }

            await FetchAsync(cancellationToken);
        }

        return Take();
    }

    /// <summary>Takes the row at hand.</summary>
    public ListingRow Take()
    {
        var row = _rows[_next++];
        LastName = row.Name;
        return row;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Asks for one page, which may have no row to show.</summary>
    public async Task FetchAsync(CancellationToken cancellationToken)
    {
        var startAfter = _hasStarted ? "" : Places.StartAfter(_place, _query with { Prefix = _share.Prefix });
        var listing = new RemoteListing(_place.Name, _place.RemoteKey(_share.Prefix), _delimiter, startAfter, _token, _pageSize);
        RemotePage page;
        try
        {
            page = await _place.Remote.ListAsync(listing, cancellationToken);
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
        _hasPromise = !_hasEnded;

        // What was hidden of this page will be hidden of the next as well: larger steps keep the number of pages logarithmic.
        _pageSize = Math.Min(_pageSize * 4, ListRequest.MaxPage);
        Read(page);
    }

    private void Read(RemotePage page)
    {
        _rows.Clear();
        _next = 0;
        var last = "";
        foreach (var row in page.Rows)
        {
            if (!row.Name.StartsWith(_place.KeyPrefix, StringComparison.Ordinal))
            {
                throw _order.Wrong("it shows keys outside the prefix that was asked for");
            }

            var name = _place.ClientPrefix + row.Name[_place.KeyPrefix.Length..];
            if (!name.StartsWith(_share.Prefix, StringComparison.Ordinal))
            {
                throw _order.Wrong("it shows keys outside the prefix that was asked for");
            }

            _order.Next(name);
            last = name;
            var shown = Shown(row, name);
            if (shown is not null && shown.Name != _lastShown)
            {
                _rows.Add(shown);
                _lastShown = shown.Name;
            }
        }

        if (Utf8Order.Compare(last, _bound) > 0)
        {
            _bound = last;
        }

        if (!_hasEnded && _share.HiddenUnder(last) is { } hidden && hidden != last && Utf8Order.Compare(hidden, _query.After.Name) > 0)
        {
            StepOver(hidden);
        }
    }

    /// <summary>Goes on behind the keys of another place. Only ever forward: a remote that starts elsewhere than it is told to is read on from where it is.</summary>
    private void StepOver(string hidden)
    {
        (_hasStarted, _token, _hasPromise) = (false, null, false);
        _order = _newOrder();
        _query = _query with { After = new ListingPosition(hidden, true) };
        _bound = Places.Beyond(hidden);
    }

    /// <summary>
    /// The row as clients see it; null where it lies before the position, is the place's own prefix (a folder's mark, or no object at all), or is for others to show.
    /// </summary>
    private ListingRow? Shown(ListingRow row, string name)
    {
        if (name.Length == 0 || row.Name.Length == 0 || _share.HiddenUnder(name) is not null)
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

            return _query.After.IsBeforeAnyUnder(name) && !_share.Shared.Contains(name) ? row with { Name = name } : null;
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
        return _share.Shared.Contains(commonPrefix) ? null : new ListingRow(commonPrefix, null);
    }
}
