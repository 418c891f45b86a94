using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Versions of keys in a local layer that may keep them (rules V1 to V4).</summary>
public interface ILocalVersions
{
    /// <summary>
    /// Versions and delete markers of a bucket's keys, rolled up by the query's delimiter. Empty for a bucket that the local layer lacks;
    /// without versioning each written object is its only version.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="query">Which keys.</param>
    /// <param name="versionIdMarker">The last version shown of the key <see cref="ListingQuery.After"/>; empty if all of them were.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    IVersionedRows List(string bucket, ListingQuery query, string versionIdMarker, CancellationToken cancellationToken);

    /// <summary>Versions and delete markers of one key, newest first; none if the local layer does not list versions.</summary>
    IAsyncEnumerable<VersionRow> ListOfAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>
    /// Rewrites a key's tombstone so that it names the delete marker of the same delete (<see cref="Tombstone.Marker"/>). Returns once that
    /// survives a power cut.
    /// </summary>
    ValueTask NameMarkerAsync(string bucket, string key, string marker, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the tombstone of a key whose newest version a delete marker is about to hide (<see cref="Tombstone.Over"/>). Returns once
    /// that survives a power cut.
    /// </summary>
    ValueTask MarkOverAsync(string bucket, string key, string version, CancellationToken cancellationToken);

    /// <summary>A key's tombstone with the marker it names; null if there is none.</summary>
    ValueTask<Tombstone?> FindTombstoneAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>Removes a tombstone whose delete marker was deleted, unless it was replaced by a later one.</summary>
    ValueTask TakeBackAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken);
}
