namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutBucketAcl.</summary>
internal sealed record SetBucketAcl(int Bucket, ModelAcl Acl) : RequestStep(Bucket)
{
    protected override ModelRequest Request(VersionScene scene, VersionedBucket bucket) =>
        new("PUT", null, "acl") { Headers = [AclHeaders.Of(Acl)] };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) =>
        AclHeaders.Refusal(bucket.Access, Acl) is { } refusal ? refusal
            : new(200, "", bucket with { Access = bucket.Access with { Acl = Acl } });
}
