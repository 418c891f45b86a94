namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>
/// Access settings as far as clients may notice them (rule A8): a hidden bucket is like one that was deleted here, a hidden object like one
/// that is not there. So a policy, an ACL or an owner of a hidden name changes no response.
/// </summary>
public sealed class VisibleAccess(IBucketAccess access, HiddenNames hidden) : IBucketAccess
{
    /// <inheritdoc/>
    public bool HasOwners => access.HasOwners;

    /// <inheritdoc/>
    public BucketAccess? Find(string bucket) => hidden.Hides(bucket) ? null : access.Find(bucket);

    /// <inheritdoc/>
    public bool Exists(string bucket) => !hidden.Hides(bucket) && access.Exists(bucket);

    /// <inheritdoc/>
    public bool IsDeleted(string bucket) => hidden.Hides(bucket) || access.IsDeleted(bucket);

    /// <inheritdoc/>
    public ValueTask<ObjectFacts?> FindObjectAsync(string bucket, string key, string? versionId) =>
        hidden.Covers(bucket, key) ? default : access.FindObjectAsync(bucket, key, versionId);
}
