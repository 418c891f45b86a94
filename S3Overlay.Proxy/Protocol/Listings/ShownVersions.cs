namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>The versions behind rows of keys, in the order of ListObjectVersions: by key, the newest first.</summary>
/// <param name="rows">The rows. Not disposed here.</param>
/// <param name="versioned">Those among them that may have several versions; null where none has.</param>
public sealed class ShownVersions(IListingSource rows, IVersionedRows? versioned)
{
    private bool _hasOlder;
    private VersionRow? _ahead;

    /// <summary>The next row, or null after the last.</summary>
    public async ValueTask<VersionRow?> NextAsync(CancellationToken cancellationToken)
    {
        if (await OlderAsync(cancellationToken) is { } older)
        {
            _ahead = null;
            return older;
        }

        if (await rows.NextAsync(cancellationToken) is not { } row)
        {
            return null;
        }

        var newest = versioned?.NewestOf(row);
        _hasOlder = newest is not null;
        return newest ?? VersionRow.Only(row);
    }

    /// <summary>Whether rows follow those taken. Asked once, in place of one more row.</summary>
    public async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken) =>
        await OlderAsync(cancellationToken) is not null || await rows.HasMoreAsync(cancellationToken);

    private async ValueTask<VersionRow?> OlderAsync(CancellationToken cancellationToken)
    {
        if (_hasOlder && _ahead is null)
        {
            _ahead = await versioned!.NextOlderAsync(cancellationToken);
            _hasOlder = _ahead is not null;
        }

        return _ahead;
    }
}
