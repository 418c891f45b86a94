using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// The rows of all places below as one (rule M3). Each key is in one place, so this is a walk, not a merge: a place is asked only when the
/// walk reaches its rows.
/// </summary>
/// <remarks>
/// A row shared by several places is returned without asking any. The caller checks whether a key under it is visible
/// (<see cref="PrefixProbe"/>).
/// </remarks>
public sealed class RoutedRows : IRowsBelow
{
    private readonly RemoteRows[] _places;
    private readonly IReadOnlyList<string> _shared;
    private int _nextShared;
    private RemoteRows? _lastTaken;

    /// <summary>The rows for <paramref name="query"/> from everything the bucket continues on.</summary>
    public RoutedRows(BucketRoutes routes, ListingQuery query, ILogger logger)
    {
        var division = new ListingDivision(routes, query);
        _places = [.. division.Shares.Select(share => new RemoteRows(share, logger))];
        _shared = division.Shared;
        while (_nextShared < _shared.Count && !query.After.IsBefore(_shared[_nextShared]))
        {
            _nextShared++;
        }
    }

    /// <inheritdoc/>
    public bool HasRowAtHand => Nearest() is var nearest && (IsSharedNext(nearest) || nearest is { HasRowAtHand: true });

    /// <inheritdoc/>
    public bool PromisesMore => Array.Exists(_places, static place => place.PromisesMore);

    /// <inheritdoc/>
    public bool IsDone => _nextShared == _shared.Count && Nearest() is null;

    /// <inheritdoc/>
    public string LastName { get; private set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ListingRow> AtHand
    {
        get
        {
            if (Nearest() is not { } nearest)
            {
                return [];
            }

            var limit = _nextShared < _shared.Count ? _shared[_nextShared] : null;
            foreach (var place in _places)
            {
                if (place != nearest && !place.IsDone && (limit is null || Utf8Order.Compare(place.Bound, limit) < 0))
                {
                    limit = place.Bound;
                }
            }

            return limit is null ? nearest.AtHand : nearest.AtHand.TakeWhile(row => Utf8Order.Compare(row.Name, limit) < 0);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var nearest = Nearest();
            ListingRow row;
            if (IsSharedNext(nearest))
            {
                row = new ListingRow(_shared[_nextShared++], null);
                _lastTaken = null;
            }
            else if (nearest is null)
            {
                return null;
            }
            else if (nearest.HasRowAtHand)
            {
                row = nearest.Take();
                _lastTaken = nearest;
            }
            else
            {
                await nearest.FetchAsync(cancellationToken);
                continue;
            }

            LastName = row.Name;
            return row;
        }
    }

    /// <inheritdoc/>
    public void NoteShown() => _lastTaken?.NoteShown();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool IsSharedNext(RemoteRows? nearest) =>
        _nextShared < _shared.Count && (nearest is null || Utf8Order.Compare(_shared[_nextShared], nearest.Bound) <= 0);

    /// <summary>The place whose next row is first, as far as is known without a call; null at the end.</summary>
    private RemoteRows? Nearest()
    {
        RemoteRows? nearest = null;
        foreach (var place in _places)
        {
            if (!place.IsDone && (nearest is null || Utf8Order.Compare(place.Bound, nearest.Bound) < 0))
            {
                nearest = place;
            }
        }

        return nearest;
    }
}

/// <summary>
/// Opens the rows below the local layer: the remotes' own, and with frozen caching also entries whose objects the remotes no longer have
/// (rules S1, T2).
/// </summary>
/// <param name="bucket">The bucket.</param>
/// <param name="routes">Where it continues below.</param>
/// <param name="cache">The cache; null while caching is off.</param>
/// <param name="reader">Reads the remotes' keys and knows if entries are frozen; null if rows need not agree with reads.</param>
/// <param name="logger">Gets failures.</param>
public sealed class BelowLocal(string bucket, BucketRoutes routes, ICacheStore? cache, IRemoteReader? reader, ILogger logger)
{
    /// <summary>The bucket.</summary>
    public string Bucket => bucket;

    /// <summary>The rows for a query.</summary>
    public IRowsBelow Open(ListingQuery query)
    {
        var remote = new RoutedRows(routes, query, logger);
        return cache is not null && reader is { IsFrozen: true } ? new FrozenRows(remote, cache, reader, bucket, routes, query) : remote;
    }

    /// <summary>True if several remotes have keys under a prefix, so only reading them shows if there are any.</summary>
    public bool BeginUnder(string prefix) => routes.BeginUnder(prefix);
}

/// <summary>Rows below the local layer, some of them buffered.</summary>
public interface IRowsBelow : IListingSource
{
    /// <summary>True if a row is buffered.</summary>
    bool HasRowAtHand { get; }

    /// <summary>True if a remote says that more rows follow the buffered ones, and none of those can be hidden.</summary>
    bool PromisesMore { get; }

    /// <summary>True if no row follows those taken. False while only a call would show that.</summary>
    bool IsDone { get; }

    /// <summary>The name of the last row taken from a remote, or the empty string.</summary>
    string LastName { get; }

    /// <summary>The remotes' buffered rows after the one taken last.</summary>
    IEnumerable<ListingRow> AtHand { get; }

    /// <summary>Notes that the row taken last is shown.</summary>
    void NoteShown();
}
