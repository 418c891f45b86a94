namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>Turns a list of versions, key by key and newest first, into rows of keys.</summary>
public sealed class VersionedRows : IVersionedRows
{
    private readonly IAsyncEnumerator<VersionRow> _versions;
    private readonly Func<int> _readings;
    private ListingRow? _given;
    private VersionRow? _newest;
    private VersionRow? _ahead;
    private bool _hasEnded;

    /// <summary>Starts reading versions.</summary>
    /// <param name="versions">The versions, with common prefixes between them.</param>
    /// <param name="readings">How often the layer was queried so far.</param>
    public VersionedRows(IAsyncEnumerable<VersionRow> versions, Func<int> readings) =>
        (_versions, _readings) = (versions.GetAsyncEnumerator(CancellationToken.None), readings);

    /// <inheritdoc/>
    public int Readings => _readings();

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        var row = await PeekAsync(cancellationToken);
        while (row is not null && row.Name == _newest?.Name)
        {
            _ahead = null;
            row = await PeekAsync(cancellationToken);
        }

        (_newest, _ahead) = (row, null);
        return _given = row is null ? null
            : new ListingRow(row.Name, row.IsPrefix ? null : row.Object ?? new ListedObject(0, "", row.MarkedAt));
    }

    /// <inheritdoc/>
    public VersionRow? NewestOf(ListingRow row) => ReferenceEquals(row, _given) && _newest is { IsPrefix: false } newest ? newest : null;

    /// <inheritdoc/>
    public async ValueTask<VersionRow?> NextOlderAsync(CancellationToken cancellationToken)
    {
        if (_newest is not { IsPrefix: false } newest || await PeekAsync(cancellationToken) is not { } row || row.Name != newest.Name)
        {
            return null;
        }

        _ahead = null;
        return row;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _versions.DisposeAsync();

    private async ValueTask<VersionRow?> PeekAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_ahead is null && !_hasEnded)
        {
            _hasEnded = !await _versions.MoveNextAsync();
            _ahead = _hasEnded ? null : _versions.Current;
        }

        return _ahead;
    }
}
