using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// Tombstones of keys and buckets in the local layer, as administrators list and undelete them. Otherwise only a refused delete removes a
/// tombstone, its own (rules D1, B4).
/// </summary>
public interface ITombstones
{
    /// <summary>Buckets that have tombstones or were deleted; each once, ordered by name.</summary>
    IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Tombstones of a bucket in UTF-8 byte order, with keys that start with <paramref name="prefix"/> and come strictly after
    /// <paramref name="after"/> (empty: from the start).
    /// </summary>
    IAsyncEnumerable<Tombstone> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken);

    /// <summary>A key's tombstone, even if the key was written since; null if there is none.</summary>
    ValueTask<Tombstone?> FindAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a tombstone unless it was replaced by a later one. Returns once that survives a power cut. The caller keeps deletes of the
    /// key by this proxy out; the layer handles those of other proxies.
    /// </summary>
    ValueTask<UndeleteOutcome> UndeleteAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces what a tombstone hides: a saved change is brought back over a later one. Returns once that survives a power cut.
    /// </summary>
    ValueTask RestoreBaseAsync(string bucket, Tombstone tombstone, RemoteBase known, CancellationToken cancellationToken);

    /// <summary>
    /// Removes the bucket tombstone, so the whole remote bucket becomes visible again: the tombstones of keys were removed when the bucket
    /// was deleted.
    /// </summary>
    /// <returns>True if there was a bucket tombstone.</returns>
    ValueTask<bool> UndeleteBucketAsync(string bucket, CancellationToken cancellationToken);
}

/// <summary>Records that a key was deleted here.</summary>
/// <param name="Key">The key.</param>
/// <param name="Stamp">Identifies this tombstone among later ones of the same key, in the layer's own format, so that an undelete never
/// removes that of a newer delete.</param>
/// <param name="Made">When the key was last deleted, in whole seconds; null if the layer keeps no dates.</param>
public sealed record Tombstone(string Key, string Stamp, DateTimeOffset? Made)
{
    /// <summary>The delete marker of the same delete in a versioned bucket; null if there is none, and in listings.</summary>
    public string? Marker { get; init; }

    /// <summary>
    /// The version that was newest when a conditional delete began, for a key without a tombstone; null once the delete reached its marker,
    /// if there was none, and in listings.
    /// </summary>
    public string? Over { get; init; }

    /// <summary>
    /// The remote's object that it hides (rule P1). Null if nothing is recorded; an S3 endpoint's listings and look-ups without the body
    /// leave it out.
    /// </summary>
    public RemoteBase? Base { get; init; }
}

/// <summary>Outcome of removing a tombstone.</summary>
public enum UndeleteOutcome
{
    /// <summary>It no longer exists.</summary>
    Absent,

    /// <summary>It was removed.</summary>
    Undeleted,

    /// <summary>It was kept: the key was deleted again, or another proxy may be deleting it right now.</summary>
    Kept,
}

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
    ValueTask NameMarkerAsync(string bucket, string key, string marker, RemoteBase? known, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the tombstone of a key whose newest version a delete marker is about to hide (<see cref="Tombstone.Over"/>). Returns once
    /// that survives a power cut.
    /// </summary>
    ValueTask MarkOverAsync(string bucket, string key, string version, RemoteBase? known, CancellationToken cancellationToken);

    /// <summary>
    /// Throws if the layer would refuse to delete a version of a key, as far as it knows before it is asked to: a delete of version
    /// <c>null</c> leaves its tombstone first.
    /// </summary>
    /// <exception cref="S3Exception">AccessDenied.</exception>
    ValueTask RequireUnlockedAsync(string bucket, string key, string versionId, bool bypassesGovernance) => ValueTask.CompletedTask;

    /// <summary>A key's tombstone with the marker it names; null if there is none.</summary>
    ValueTask<Tombstone?> FindTombstoneAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>Removes a tombstone whose delete marker was deleted, unless it was replaced by a later one.</summary>
    ValueTask TakeBackAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken);
}
