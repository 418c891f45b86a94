namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutObjectAcl of a key or version.</summary>
/// <param name="At">Which version. Null for the current one.</param>
internal sealed record SetObjectAcl(int Bucket, string Key, int? At, ModelAcl Acl) : RequestStep(Bucket)
{
    protected override ModelRequest? Request(VersionScene scene, VersionedBucket bucket) =>
        VersionChange.Request(bucket, "PUT", "acl", Key, At) is not { } request ? null : request with { Headers = [AclHeaders.Of(Acl)] };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) => VersionChange.Outcome(
        scene, bucket, Key, At, _ => AclHeaders.Refusal(bucket.Access, Acl),
        version => version with { Acl = Acl });
}
