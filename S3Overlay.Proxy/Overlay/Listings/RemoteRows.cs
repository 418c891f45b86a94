using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Rows of one place below, under the client's names. Pages are read on demand: each token comes with the page before, so prefetching would
/// gain little and cost an extra page whenever the other layer fills the rest.
/// </summary>
/// <remarks>
/// Servers disagree on <c>start-after</c> together with a delimiter, and some support no delimiter of several characters. So rows before
/// the position are skipped, and keys are rolled up, here as well. Keys of other places (rule M3) are left out, and skipped with a new
/// start position if a page ends among them.
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
    private bool _wasAnyShown;
    private bool _hasAsked;
    private bool _hasSteppedOver;
    private bool _startsElsewhere;
    private int _pageSize;
    private string _bound;

    /// <summary>Rows of a listing's share. A wrong order is logged with the name <paramref name="layer"/>.</summary>
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

        _hasEnded = ListingBounds.IsPast(_query with { Prefix = share.Prefix });
        var start = ListingBounds.After(_query.After);
        _bound = Utf8Order.Compare(start, share.Prefix) < 0 ? share.Prefix : start;
    }

    /// <inheritdoc/>
    public int Readings { get; private set; }

    /// <summary>True if a row is buffered.</summary>
    public bool HasRowAtHand => _next < _rows.Count;

    /// <summary>
    /// True if the remote says that rows follow the buffered ones. If it leaves rolling up to us it counts keys, not rows, which proves
    /// nothing.
    /// </summary>
    public bool PromisesMore => _hasPromise && !_hasRolledUp && LastName.Length > 0 && !_share.HidesBehind(_bound);

    /// <summary>True if no row follows those taken. False while only a call would show that.</summary>
    public bool IsDone => _hasEnded && !HasRowAtHand;

    /// <summary>No later row sorts before this name.</summary>
    public string Bound => HasRowAtHand ? _rows[_next].Name : _bound;

    /// <summary>The name of the last row taken, or the empty string.</summary>
    public string LastName { get; private set; } = "";

    /// <summary>The buffered rows after the one taken last.</summary>
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

    /// <summary>Takes the buffered row.</summary>
    public ListingRow Take()
    {
        var row = _rows[_next++];
        LastName = row.Name;
        return row;
    }

    /// <summary>Notes that the row taken last is shown.</summary>
    public void NoteShown() => _wasAnyShown = true;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Reads one page, which may have no row to show.</summary>
    public async Task FetchAsync(CancellationToken cancellationToken)
    {
        var startAfter = _hasStarted ? "" : ListingBounds.StartAfter(_place, _query with { Prefix = _share.Prefix });
        _pageSize = NextSize();
        Readings++;
        var listing = new RemoteListing(_place.Name, _place.RemoteKey(_share.Prefix), _delimiter, startAfter, _token, _pageSize)
            { WithRestoreStatus = _query.WithRestoreStatus };
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
        Read(page);
    }

    /// <summary>
    /// Starts with as many rows as the client's page. If some were hidden, more will be: growing pages keep their number logarithmic. If
    /// nothing was shown at all, there may be a long run of deleted keys, so each page reads as many as it can.
    /// </summary>
    private int NextSize()
    {
        var size = !_hasAsked ? _pageSize : _wasAnyShown ? Math.Min(_pageSize * 4, ListRequest.MaxPage) : ListRequest.MaxPage;
        (_hasAsked, _wasAnyShown) = (true, false);
        return size;
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
            _startsElsewhere |= last.Length == 0 && _hasSteppedOver && !row.IsPrefix && !_query.After.IsBefore(name);
            last = name;
            var shown = Shown(row, name);
            if (shown is not null && shown.Name != _lastShown)
            {
                _rows.Add(shown);
                _lastShown = shown.Name;
            }
        }

        _hasSteppedOver = false;
        if (Utf8Order.Compare(last, _bound) > 0)
        {
            _bound = last;
        }

        if (!_hasEnded && !_startsElsewhere && (_share.HiddenUnder(last) ?? RolledUpHere(last)) is { } behind && behind != last
            && Utf8Order.Compare(behind, _query.After.Name) > 0)
        {
            StepOver(behind);
        }
    }

    /// <summary>
    /// The common prefix that a key was rolled up into here, because the remote did not; the other keys under it need not be read. Null if
    /// there is none.
    /// </summary>
    private string? RolledUpHere(string last) =>
        _hasRolledUp && _query.CommonPrefixOf(last) is { } common && common.Length > _share.Prefix.Length ? common : null;

    /// <summary>
    /// Continues behind keys that are not wanted. If the remote then starts elsewhere, it is read on from there and not redirected again.
    /// </summary>
    private void StepOver(string hidden)
    {
        (_hasStarted, _token, _hasPromise, _hasSteppedOver) = (false, null, false, true);
        _order = _newOrder();
        _query = _query with { After = new ListingPosition(hidden, true) };
        _bound = ListingBounds.Beyond(hidden);
    }

    /// <summary>
    /// The row as clients see it; null if it precedes the position, is the place's own prefix (a folder placeholder, or no object), or
    /// belongs to another place.
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
