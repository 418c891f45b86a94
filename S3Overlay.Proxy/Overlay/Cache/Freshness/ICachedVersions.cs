using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// What is done to copies once the remote has spoken of their version. Neither fails: a copy that cannot be changed now is found out again
/// later.
/// </summary>
internal interface ICachedVersions
{
    /// <summary>Notes that a version that is held was current at a moment.</summary>
    /// <param name="name">The object.</param>
    /// <param name="etag">The version.</param>
    /// <param name="validatedAt">The moment.</param>
    /// <param name="info">Its headers, where they are not those of the copy; else null.</param>
    ValueTask RenewAsync(ObjectName name, string etag, DateTimeOffset validatedAt, ObjectInfo? info);

    /// <summary>Drops the copy of a version that is current no more. Those who read it go on; nobody begins to.</summary>
    ValueTask DropAsync(ObjectName name, string etag);

    /// <summary>Where an object stands: to be noted before the remote is asked about it, and given to <see cref="RefillAsync"/>.</summary>
    RefillPoint PointOf(ObjectName name);

    /// <summary>
    /// Fetches a version in place of one that was dropped, where it is one that is held whole, and nobody changed the key or opened the
    /// object meanwhile. Finishes once it is being stored.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Where it is.</param>
    /// <param name="info">The version.</param>
    /// <param name="outdated">The ETag of the one that was dropped.</param>
    /// <param name="since">Where the object stood before it was asked about.</param>
    ValueTask RefillAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, string outdated, RefillPoint since);
}
