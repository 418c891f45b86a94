namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>
/// Rows of keys that may have several versions: each key once, and of the key whose row was taken last, its versions one by one.
/// </summary>
public interface IVersionedRows : IListingSource
{
    /// <summary>
    /// The newest version of a key, by the row that this source gave of it last; null of another source's row, and of a common prefix.
    /// </summary>
    VersionRow? NewestOf(ListingRow row);

    /// <summary>
    /// The next older version of the key whose row was taken last; null where there is none. Asking for the next key's row passes over
    /// those left.
    /// </summary>
    ValueTask<VersionRow?> NextOlderAsync(CancellationToken cancellationToken);
}
