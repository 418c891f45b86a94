using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Versions of keys in a writable layer that may keep any (rules V1 to V4).</summary>
public interface ILocalVersions
{
    /// <summary>
    /// The versions and delete markers of a bucket's keys, rolled up by the query's delimiter. A bucket that local lacks has none; in one
    /// that never kept versions each written object is its only one.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="query">Which keys.</param>
    /// <param name="versionIdMarker">The version of the key <see cref="ListingQuery.After"/> names that was shown last; the empty string
    /// where all of them were.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    IVersionedRows List(string bucket, ListingQuery query, string versionIdMarker, CancellationToken cancellationToken);

    /// <summary>The versions and delete markers of one key, the newest first; none where local does not list versions.</summary>
    IAsyncEnumerable<VersionRow> ListOfAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>
    /// Puts a key's tombstone anew so that it names the delete marker that came of the same delete (<see cref="Tombstone.Marker"/>);
    /// returns once that survives a power cut.
    /// </summary>
    ValueTask NameMarkerAsync(string bucket, string key, string marker, CancellationToken cancellationToken);

    /// <summary>
    /// Marks a key deleted, whose newest version is about to be hidden by a delete marker (<see cref="Tombstone.Over"/>); returns once that
    /// survives a power cut.
    /// </summary>
    ValueTask MarkOverAsync(string bucket, string key, string version, CancellationToken cancellationToken);

    /// <summary>The tombstone of a key, with the marker it names; null where there is none.</summary>
    ValueTask<Tombstone?> FindTombstoneAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>Takes back a tombstone whose delete marker was deleted, unless there is a later one by now.</summary>
    ValueTask TakeBackAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken);
}
