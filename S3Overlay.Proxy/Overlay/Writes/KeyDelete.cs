using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Deletes;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>A client's delete of one key.</summary>
/// <param name="Bucket">The bucket, whose local half exists.</param>
/// <param name="Request">The client's request, for this key alone or for many.</param>
/// <param name="Key">The key.</param>
/// <param name="VersionId">The version to delete; null for the key itself.</param>
/// <param name="Conditions">The conditions; null for none.</param>
public sealed record KeyDelete(BucketView Bucket, S3Request Request, string Key, string? VersionId, DeleteConditions? Conditions)
{
    /// <summary>True if one version is named. In a bucket without versions, <c>null</c> names the key itself.</summary>
    public bool IsOfVersion => VersionId is { Length: > 0 } and not "null";
}
