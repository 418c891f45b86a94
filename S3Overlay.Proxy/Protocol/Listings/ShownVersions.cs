namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>The versions of keys in the order of ListObjectVersions: by key, newest first.</summary>
/// <param name="rows">The rows. The caller disposes them.</param>
/// <param name="versioned">The rows that can have several versions; null if none can.</param>
public sealed class ShownVersions(IListingSource rows, IVersionedRows? versioned)
{
    private bool _hasOlder;
    private VersionRow? _ahead;

    /// <summary>The next row; null after the last.</summary>
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

    /// <summary>Whether more rows follow. Call once, instead of reading one more row.</summary>
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
