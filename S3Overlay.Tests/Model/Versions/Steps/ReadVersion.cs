using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>GetObject or HeadObject of a key or version, by anybody.</summary>
/// <param name="At">Which version. Null for the current one, -1 for the version <c>null</c>.</param>
internal sealed record ReadVersion(int Bucket, string Key, int? At, bool IsHead, ModelCaller Caller) : VersionStep
{
    public override async Task RunAsync(VersionScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var id = At == -1 ? ModelVersion.Null : VersionChange.IdOf(bucket, Key, At);
        if (At is not null && id is null)
        {
            return;
        }

        var response = await scene.SendAsync(Caller, IsHead ? "HEAD" : "GET", bucket.Name, Key,
            id is null ? "" : "versionId=" + UriEncoding.EncodeComponent(id));
        var isOwners = Caller is ModelCaller.Owner or ModelCaller.Clerk;

        // Policies and ACLs open what was written here, and nothing of the remote.
        var state = bucket.Of(Key);
        var shown = isOwners ? id is null ? bucket.Current(Key) : bucket.Find(Key, id)
            : id is null ? state.Versions is [{ IsMarker: false } newest, ..] ? newest : null : state.Find(id);
        if (shown is null or { IsMarker: true })
        {
            // A delete marker that is named is not missing: who may not read objects may not read that either.
            Expect.Status(response, isOwners ? shown is { IsMarker: true } ? [405] : [404]
                : bucket.Access.IsDenied(Caller) || !bucket.Access.MayList(Caller) ? [403]
                : shown is { IsMarker: true } ? [403, 405] : [404]);

            // A tombstone still names a marker that a lifecycle removed.
            Expect.That(!isOwners || id is not null || bucket.Versioning == ModelVersioning.Never || state.Tombstone is not null
                || (response.Headers.GetValueOrDefault("x-amz-delete-marker") == "true") == state.Versions is [{ IsMarker: true }, ..],
                "A 404 says whether a delete marker hides the key.");
            return;
        }

        if (!bucket.Access.MayRead(Caller, shown.Acl, names: id is not null))
        {
            Expect.Status(response, 403);
            return;
        }

        Expect.Status(response, 200);
        Expect.Same(shown.Object!.ETag, response.Headers.GetValueOrDefault("ETag", ""), "The ETag");
        Expect.That(IsHead || response.Body.AsSpan().SequenceEqual(shown.Object.Bytes), "The bytes are others.");
        var isLocal = state.Versions.Contains(shown);
        Expect.Same(isLocal && bucket.Versioning != ModelVersioning.Never ? shown.Id : isLocal ? null : response.Headers
            .GetValueOrDefault("x-amz-version-id"), response.Headers.GetValueOrDefault("x-amz-version-id"), "The version id");
        if (isLocal && Caller != ModelCaller.Anonymous)
        {
            Expect.Same(shown.Lock.Mode, VersionDetails.LockOf(response).Mode, "The mode of the retention");
            Expect.Same(shown.Lock.Hold, VersionDetails.LockOf(response).Hold, "The legal hold");
        }
    }
}
