namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>
/// The rows of one listing in UTF-8 byte order, each a key or a common prefix, none twice. A layer gives such a source for its own
/// rows; the overlay's is a merge of sources, and is one itself.
/// </summary>
public interface IListingSource : IAsyncDisposable
{
    /// <summary>
    /// How often the layer was asked for rows so far. What is kept elsewhere of a layer that changes meanwhile fits to a row only where it
    /// was read after the question that gave the row. Always 0 where all rows are of the instant at which the source was made.
    /// </summary>
    int Readings => 0;

    /// <summary>The next row, or null after the last.</summary>
    ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Whether rows follow those taken. Asked once, in place of one more row, by whoever does not need to know which: a source may know
    /// without fetching it.
    /// </summary>
    async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken) => await NextAsync(cancellationToken) is not null;
}
