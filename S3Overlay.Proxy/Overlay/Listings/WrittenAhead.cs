using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Local's rows of a listing, with a look at those to come: they tell which of the remote's rows the page has room for, and under which of
/// them local has keys itself.
/// </summary>
/// <param name="rows">The rows, disposed here.</param>
/// <param name="order">Holds them to their order.</param>
/// <param name="mayLookAhead">Whether rows may be read before those in front of them are taken. Not where whoever takes a row asks the
/// source for its versions.</param>
public sealed class WrittenAhead(IListingSource rows, RowOrder order, bool mayLookAhead) : IAsyncDisposable
{
    private readonly List<(ListingRow Row, int Reading)> _read = [];
    private int _taken;
    private bool _hasEnded;

    /// <summary>The next row, once <see cref="FillAsync"/> has returned; null after the last.</summary>
    public ListingRow? Next => _taken < _read.Count ? _read[_taken].Row : null;

    /// <summary>How often local has been asked for rows so far (<see cref="IListingSource.Readings"/>).</summary>
    public int Readings => rows.Readings;

    /// <summary>
    /// How often it had been when <see cref="Next"/> came, or the end: what it had before that row at a later time these rows do not tell.
    /// </summary>
    public int ReadingOfNext => _taken < _read.Count ? _read[_taken].Reading : rows.Readings;

    /// <summary>Reads the next row, where that was not done yet.</summary>
    public ValueTask FillAsync(CancellationToken cancellationToken) =>
        _taken < _read.Count || _hasEnded ? ValueTask.CompletedTask : ReadAsync(cancellationToken);

    /// <summary>Goes on behind <see cref="Next"/>.</summary>
    public void Take()
    {
        if (++_taken == _read.Count)
        {
            _read.Clear();
            _taken = 0;
        }
    }

    /// <summary>
    /// Those common prefixes among the remote's rows that the page has room for, and under which local has nothing written.
    /// </summary>
    /// <param name="remote">The remote's rows, all of them behind what was taken.</param>
    /// <param name="room">How many rows the page may still show.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async IAsyncEnumerable<string> UnwrittenPrefixesAsync(
        IEnumerable<ListingRow> remote, int room, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ahead = 0;
        foreach (var row in remote)
        {
            ListingRow? written = null;
            while (room > 0 && (written = await PeekAsync(ahead, cancellationToken)) is not null
                && Utf8Order.Compare(written.Name, row.Name) < 0)
            {
                ahead++;
                room--;
            }

            if (room-- <= 0)
            {
                yield break;
            }

            if (row.IsPrefix && written?.Name != row.Name)
            {
                yield return row.Name;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => rows.DisposeAsync();

    private async ValueTask<ListingRow?> PeekAsync(int ahead, CancellationToken cancellationToken)
    {
        while (mayLookAhead && _taken + ahead >= _read.Count && !_hasEnded)
        {
            await ReadAsync(cancellationToken);
        }

        return _taken + ahead < _read.Count ? _read[_taken + ahead].Row : null;
    }

    private async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        if (await rows.NextAsync(cancellationToken) is { } row)
        {
            order.Next(row.Name);
            _read.Add((row, rows.Readings));
        }
        else
        {
            _hasEnded = true;
        }
    }
}
