using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Freshness;

/// <summary>What is done to copies once the remote has spoken of their version. Neither fails: a copy that cannot be changed now is found out again later.</summary>
internal interface IHeldVersions
{
    /// <summary>Notes that a version that is held was current at a moment.</summary>
    /// <param name="name">The object.</param>
    /// <param name="etag">The version.</param>
    /// <param name="validatedAt">The moment.</param>
    /// <param name="info">Its headers, where they are not those of the copy; else null.</param>
    ValueTask RenewAsync(ObjectName name, string etag, DateTimeOffset validatedAt, ObjectInfo? info);

    /// <summary>Drops the copy of a version that is current no more. Those who read it go on; nobody begins to.</summary>
    ValueTask DropAsync(ObjectName name, string etag);
}
