using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Protocol.Access;

namespace S3Overlay.Proxy.Embedded;

/// <summary>The access settings of the built-in store's buckets and objects.</summary>
public sealed class EmbeddedAccess(EmbeddedStore store) : IBucketAccess
{
    /// <inheritdoc/>
    public bool HasOwners => store.Buckets.HasOwners;

    /// <inheritdoc/>
    public BucketAccess? Find(string bucket) => store.Buckets.AccessOf(bucket);

    /// <inheritdoc/>
    public bool Exists(string bucket) => store.Buckets.Find(bucket) is { Exists: true };

    /// <inheritdoc/>
    public bool IsDeleted(string bucket) => store.Buckets.Find(bucket) is { Exists: false, IsOpaque: true };

    /// <inheritdoc/>
    public async ValueTask<ObjectFacts?> FindObjectAsync(string bucket, string key, string? versionId) =>
        (versionId is null or VersionIds.Null || VersionIds.TryParse(versionId, out _))
        && await store.Objects.FindAsync(bucket, key, versionId) is { } row ? new(ObjectAccess.FromText(row.Acl), row.Tags) : null;
}
