using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// Applies what the remote said about a version to its entry. Nothing here fails: an entry that cannot be updated now is found again later.
/// </summary>
internal interface ICachedVersions
{
    /// <summary>Records that a cached version was current at a time.</summary>
    /// <param name="name">The object.</param>
    /// <param name="etag">The version.</param>
    /// <param name="validatedAt">The time.</param>
    /// <param name="info">Its headers, if they differ from the entry's; else null.</param>
    ValueTask RenewAsync(ObjectName name, string etag, DateTimeOffset validatedAt, ObjectInfo? info);

    /// <summary>Evicts a version that is no longer current. Current readers go on; there are no new ones.</summary>
    ValueTask DropAsync(ObjectName name, string etag);

    /// <summary>A snapshot to take before the remote is asked, for <see cref="RefillAsync"/>.</summary>
    RefillPoint PointOf(ObjectName name);

    /// <summary>
    /// Fills a new version in place of an evicted one, if it is cached whole and the key was neither changed nor opened since. Returns once
    /// the bytes are being stored.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Its remote bucket.</param>
    /// <param name="info">The new version.</param>
    /// <param name="outdated">The ETag of the evicted version.</param>
    /// <param name="since">The snapshot from <see cref="PointOf"/>.</param>
    ValueTask RefillAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, string outdated, RefillPoint since);
}

/// <summary>Where an object stood at a moment.</summary>
/// <param name="Generation">How often its key was written or deleted here.</param>
/// <param name="Completions">How often it was opened at the remote.</param>
internal readonly record struct RefillPoint(long Generation, long Completions);
