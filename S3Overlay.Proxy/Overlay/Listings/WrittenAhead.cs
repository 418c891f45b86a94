using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// The local layer's rows with a look ahead, which shows which of the remote's rows fit on the page, and under which of them the local
/// layer has keys.
/// </summary>
/// <param name="rows">The rows, disposed here.</param>
/// <param name="order">Checks their order.</param>
/// <param name="mayLookAhead">True if rows may be read before earlier ones are taken. False if the taker asks the source for a row's
/// versions.</param>
public sealed class WrittenAhead(IListingSource rows, RowOrder order, bool mayLookAhead) : IAsyncDisposable
{
    private readonly List<(ListingRow Row, int Reading)> _read = [];
    private int _taken;
    private bool _hasEnded;

    /// <summary>The next row, once <see cref="FillAsync"/> has returned; null after the last.</summary>
    public ListingRow? Next => _taken < _read.Count ? _read[_taken].Row : null;

    /// <summary>Number of reads from the local layer so far (<see cref="IListingSource.Readings"/>).</summary>
    public int Readings => rows.Readings;

    /// <summary>
    /// The number of reads when <see cref="Next"/>, or the end, was read. Later changes before that row are not visible in these rows.
    /// </summary>
    public int ReadingOfNext => _taken < _read.Count ? _read[_taken].Reading : rows.Readings;

    /// <summary>Reads the next row, unless it was read already.</summary>
    public ValueTask FillAsync(CancellationToken cancellationToken) =>
        _taken < _read.Count || _hasEnded ? ValueTask.CompletedTask : ReadAsync(cancellationToken);

    /// <summary>Moves past <see cref="Next"/>.</summary>
    public void Take()
    {
        if (++_taken == _read.Count)
        {
            _read.Clear();
            _taken = 0;
        }
    }

    /// <summary>The remote's common prefixes that fit on the page and have no written keys in the local layer.</summary>
    /// <param name="remote">The remote's rows, all behind what was taken.</param>
    /// <param name="room">How many more rows the page may show.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
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
