namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>Rows of keys with several versions: each key once, and the versions of the last key one by one.</summary>
public interface IVersionedRows : IListingSource
{
    /// <summary>
    /// The newest version of a key, given the last row of this source. Null for a row of another source, or a common prefix.
    /// </summary>
    VersionRow? NewestOf(ListingRow row);

    /// <summary>The next older version of the last key; null if there is none. Reading the next key skips the rest.</summary>
    ValueTask<VersionRow?> NextOlderAsync(CancellationToken cancellationToken);
}
