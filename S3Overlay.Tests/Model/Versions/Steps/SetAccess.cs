using System.Text;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutBucketOwnershipControls: enables or disables ACLs.</summary>
internal sealed record SetOwnership(int Bucket, bool HasAcls) : RequestStep(Bucket)
{
    protected override ModelRequest Request(VersionScene scene, VersionedBucket bucket) => new("PUT", null, "ownershipControls")
    {
        Body = Encoding.ASCII.GetBytes("<OwnershipControls><Rule><ObjectOwnership>"
            + $"{(HasAcls ? "ObjectWriter" : "BucketOwnerEnforced")}</ObjectOwnership></Rule></OwnershipControls>"),
    };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) =>
        !HasAcls && bucket.Access.Acl != ModelAcl.Private ? new(400, "InvalidBucketAclWithObjectOwnership")
            : new(200, "", bucket with { Access = bucket.Access with { HasAcls = HasAcls } });
}

/// <summary>PutPublicAccessBlock, or its delete.</summary>
internal sealed record SetAccessBlock(int Bucket, bool IsBlocked) : RequestStep(Bucket)
{
    private const string All =
        "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>"
        + "<BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";

    protected override ModelRequest Request(VersionScene scene, VersionedBucket bucket) =>
        new(IsBlocked ? "PUT" : "DELETE", null, "publicAccessBlock") { Body = IsBlocked ? Encoding.ASCII.GetBytes(All) : null };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) =>
        new(IsBlocked ? 200 : 204, "", bucket with { Access = bucket.Access with { IsBlocked = IsBlocked } });
}
