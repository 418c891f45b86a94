using System.Text;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutBucketPolicy, or DeleteBucketPolicy.</summary>
internal sealed record SetPolicy(int Bucket, ModelPolicy Policy) : RequestStep(Bucket)
{
    protected override ModelRequest Request(VersionScene scene, VersionedBucket bucket) => Policy == ModelPolicy.None
        ? new("DELETE", null, "policy")
        : new("PUT", null, "policy") { Body = Encoding.ASCII.GetBytes(BucketFacts.PolicyText(bucket.Name, Policy)) };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket)
    {
        var access = bucket.Access with { Policy = Policy };
        return access is { IsPublic: true, IsBlocked: true } ? new(403, "AccessDenied") : new(204, "", bucket with { Access = access });
    }
}
