using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>Local's rows where nothing of the remote is shown beside them: a common prefix of copies alone is not among them.</summary>
public sealed class SettledRows(ILayerState layer, string bucket, ListingQuery query) : IListingSource
{
    private readonly IListingSource _rows = layer.ListWritten(bucket, query);

    /// <inheritdoc/>
    public int Readings => _rows.Readings;

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        while (await _rows.NextAsync(cancellationToken) is { } row)
        {
            if (!row.MayBeCopies || await WrittenUnder.AnyAsync(layer, bucket, row.Name, query.After, cancellationToken))
            {
                return row;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _rows.DisposeAsync();
}
