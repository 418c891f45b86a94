namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>
/// The rows of one listing in UTF-8 byte order, each a key or common prefix, without duplicates. A layer returns one for its own rows; the
/// overlay merges several into one.
/// </summary>
public interface IListingSource : IAsyncDisposable
{
    /// <summary>
    /// How often the layer was queried so far. Other data about a changing layer fits a row only if it was read after the query that
    /// returned the row. Always 0 if all rows show the moment the source was created.
    /// </summary>
    int Readings => 0;

    /// <summary>The next row; null after the last.</summary>
    ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken);

    /// <summary>Whether more rows follow. Call once, instead of reading one more row: a source may know without a query.</summary>
    async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken) => await NextAsync(cancellationToken) is not null;
}
