using System.Text;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutObjectTagging or DeleteObjectTagging of a key or version.</summary>
/// <param name="At">Which version. Null for the current one.</param>
/// <param name="Tag">Null to remove all.</param>
internal sealed record SetTags(int Bucket, string Key, int? At, string? Tag) : RequestStep(Bucket)
{
    protected override ModelRequest? Request(VersionScene scene, VersionedBucket bucket) =>
        VersionChange.Request(bucket, Tag is null ? "DELETE" : "PUT", "tagging", Key, At) is not { } request
            || (Tag is null && bucket.RemoteOwned(Key) is not null) ? null : request with
        {
            Body = Tag is null ? null
                : Encoding.ASCII.GetBytes($"<Tagging><TagSet><Tag><Key>t</Key><Value>{Tag}</Value></Tag></TagSet></Tagging>"),
        };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) => VersionChange.Outcome(
        scene, bucket, Key, At, _ => null, version => version with { Tags = Tag is null ? "" : "t=" + Tag }, Tag is null ? 204 : 200);
}
