using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>The store's rows of a bucket without those of copies: what is left was written. Rows of copies are read behind the store's page, since a copy's row is put before it.</summary>
internal sealed class WrittenOnly(IListingSource rows, PlacedCopies copies, string bucket, ListingQuery query) : IListingSource
{
    private readonly KeyCursor<PlacedRow> _placed = new(
        (from, token) => copies.ListAsync(bucket, query.Prefix, from, token), row => row.Key, Places.After(query.After));

    /// <inheritdoc/>
    public int Readings => rows.Readings;

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await rows.NextAsync(cancellationToken) is { } row)
            {
                await _placed.KeepBehindAsync(rows.Readings, rows.Readings);
                var placed = await _placed.SeekAsync(row.Name, cancellationToken);
                if (row.Object is not { } shown)
                {
                    var mayBeCopies = placed is not null && placed.Key.StartsWith(row.Name, StringComparison.Ordinal);
                    await _placed.SkipUnderAsync(row.Name, cancellationToken);
                    return row with { MayBeCopies = mayBeCopies };
                }

                var alike = new List<PlacedRow>();
                for (; placed?.Key == row.Name; placed = await _placed.NextAsync(cancellationToken))
                {
                    alike.Add(placed);
                }

                if (!await copies.IsCopyAsync(new ObjectName(bucket, row.Name), shown, alike, cancellationToken))
                {
                    return row;
                }
            }

            return null;
        }
        catch (IOException failure)
        {
            throw new S3Exception(S3Errors.ServiceUnavailable, "The local store cannot tell copies from written objects.", failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await rows.DisposeAsync();
        await _placed.DisposeAsync();
    }
}
