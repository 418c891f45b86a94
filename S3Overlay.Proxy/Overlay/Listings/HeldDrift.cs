using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Keeps LIST and GET agreed about remote-owned keys (rule T2): where the remote's row differs from the copy held here, the copy is of an old
/// version, and is dropped before the page is sent.
/// </summary>
public sealed class HeldDrift(IHeldStore held, string bucket, ListingQuery query) : IAsyncDisposable
{
    private readonly KeyCursor<HeldRow> _copies = new(
        (from, token) => held.ListAsync(bucket, query.Prefix, from, token), row => row.Key, Places.After(query.After));

    /// <summary>Compares a row that will be shown with the copy held of it.</summary>
    public async ValueTask CheckAsync(ListingRow row, CancellationToken cancellationToken)
    {
        if (row.Object is not { } shown)
        {
            await _copies.SkipUnderAsync(row.Name, cancellationToken);
            return;
        }

        var copy = await _copies.SeekAsync(row.Name, cancellationToken);
        if (copy is not null && copy.Key == row.Name && Differs(copy, shown))
        {
            await held.DropAsync(bucket, row.Name, copy.ETag, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _copies.DisposeAsync();

    private static bool Differs(HeldRow copy, ListedObject shown) =>
        copy.Size != shown.Size
        || !ETags.Same(copy.ETag, shown.ETag)
        || HttpDates.WholeSeconds(copy.LastModified) != HttpDates.WholeSeconds(shown.LastModified);
}
