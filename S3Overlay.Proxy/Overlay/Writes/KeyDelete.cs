using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Deletes;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>The delete of one key, as a client asks for it.</summary>
/// <param name="Bucket">The bucket, whose local half is there.</param>
/// <param name="Request">The client's request: of this key alone, or of many.</param>
/// <param name="Key">The key.</param>
/// <param name="VersionId">The version that is meant; null for the key itself.</param>
/// <param name="Conditions">What must hold of what is there; null for nothing.</param>
public sealed record KeyDelete(BucketView Bucket, S3Request Request, string Key, string? VersionId, DeleteConditions? Conditions)
{
    /// <summary>
    /// Whether one version is meant, by its id, and not what the key is. The version <c>null</c> is what a key is where nobody keeps
    /// versions.
    /// </summary>
    public bool IsOfVersion => VersionId is { Length: > 0 } and not "null";
}
