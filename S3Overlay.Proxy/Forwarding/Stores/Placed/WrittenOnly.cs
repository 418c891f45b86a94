using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// The store's rows of a bucket without those of copies: what is left was written. Rows of copies are read behind the store's page, since a
/// copy's row is put before it.
/// </summary>
internal sealed class WrittenOnly(IListingSource rows, PlacedCopies copies, string bucket, ListingQuery query) : IListingSource
{
    private readonly KeyCursor<PlacedRow> _placed = new(
        (from, token) => copies.ListAsync(bucket, query.Prefix, from, token), row => row.Key, Places.After(query.After));

    private RetiredWatch? _retired;
    private int _gone;

    /// <summary>
    /// A row that was gone when it was looked at counts as well: a delete put its tombstone before that, and tombstones are to be read
    /// after it.
    /// </summary>
    public int Readings => rows.Readings + _gone;

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        _retired ??= copies.Watch(bucket, query.Prefix);
        try
        {
            while (await rows.NextAsync(cancellationToken) is { } row)
            {
                await _placed.KeepBehindAsync(rows.Readings, rows.Readings);
                var placed = await _placed.SeekAsync(row.Name, cancellationToken);
                if (row.Object is not { } shown)
                {
                    var mayBeCopies = placed?.Key.StartsWith(row.Name, StringComparison.Ordinal) == true || _retired.HasUnder(row.Name);
                    await _placed.SkipUnderAsync(row.Name, cancellationToken);
                    return row with { MayBeCopies = mayBeCopies };
                }

                var alike = new List<PlacedRow>();
                for (; placed?.Key == row.Name; placed = await _placed.NextAsync(cancellationToken))
                {
                    alike.Add(placed);
                }

                var judged = await copies.Judge.JudgeAsync(new ObjectName(bucket, row.Name), shown, alike, _retired, cancellationToken);
                if (judged.Written is { } written)
                {
                    // A row of versions is known by itself to whoever gave it.
                    return ReferenceEquals(written, shown) || rows is IVersionedRows ? row : row with { Object = written };
                }

                _gone += judged.IsGone ? 1 : 0;
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
        _retired?.Dispose();
        await rows.DisposeAsync();
        await _placed.DisposeAsync();
    }
}
