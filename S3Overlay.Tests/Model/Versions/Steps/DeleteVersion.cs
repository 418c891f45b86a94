using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>DeleteObject of a key or version.</summary>
/// <param name="At">Which version. Null for the key itself.</param>
/// <param name="Bypasses">Whether the request asks to bypass governance.</param>
/// <param name="Caller">The owner, who may bypass it, or the clerk, who may not.</param>
internal sealed record DeleteVersion(int Bucket, string Key, int? At, bool Bypasses, ModelCaller Caller) : RequestStep(Bucket)
{
    protected override ModelRequest? Request(VersionScene scene, VersionedBucket bucket) => At is not null && Id(bucket) is null ? null
        : new("DELETE", Key, Id(bucket) is { } id ? "versionId=" + UriEncoding.EncodeComponent(id) : "")
        {
            Caller = Caller, Headers = Locks.Bypass(Bypasses),
        };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) =>
        Of(scene, bucket, Key, Id(bucket), Bypasses && Caller == ModelCaller.Owner);

    /// <summary>What the delete of a version does, or of a key if none is named.</summary>
    public static ModelOutcome Of(VersionScene scene, VersionedBucket bucket, string key, string? id, bool bypasses)
    {
        if (id is null)
        {
            return new(204, "", bucket.Delete(key, scene.Now));
        }

        if (bucket.Access.Policy == ModelPolicy.KeepsVersions || bucket.Of(key).Find(id)?.Lock.Protects(scene.Now, bypasses) == true)
        {
            return new(403, "AccessDenied");
        }

        var stages = bucket.DeleteVersion(key, id);
        var state = stages[^1].Of(key);
        return bucket.Of(key).Tombstone is { IsDoubtful: true } && state.Tombstone is not null
            ? new(204, "", [.. stages, bucket.With(key, VersionedBucket.Undone(bucket.Of(key).Without(id)))]) { IsUnsure = true }
            : new(204, "", stages);
    }

    private string? Id(VersionedBucket bucket) => VersionChange.IdOf(bucket, Key, At);
}
