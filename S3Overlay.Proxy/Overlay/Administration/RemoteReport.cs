using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>What the remote has below a bucket or key.</summary>
/// <param name="Bucket">Where the bucket continues below.</param>
/// <param name="Key">The key there; null for the bucket itself.</param>
/// <param name="Finding">The result.</param>
public sealed record RemoteReport(RemoteBucket Bucket, string? Key, RemoteFinding Finding)
{
    /// <summary>The object there; null for a bucket, or if none was found.</summary>
    public ObjectInfo? Info { get; init; }

    /// <summary>Why the remote could not be used; null if it could.</summary>
    public string? Problem { get; init; }
}
