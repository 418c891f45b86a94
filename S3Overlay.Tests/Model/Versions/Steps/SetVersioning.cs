using System.Text;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutBucketVersioning.</summary>
internal sealed record SetVersioning(int Bucket, bool IsEnabled) : RequestStep(Bucket)
{
    private ModelVersioning Wanted => IsEnabled ? ModelVersioning.Enabled : ModelVersioning.Suspended;

    protected override ModelRequest Request(VersionScene scene, VersionedBucket bucket) => new("PUT", null, "versioning")
    {
        Body = Encoding.ASCII.GetBytes($"<VersioningConfiguration><Status>{Wanted}</Status></VersioningConfiguration>"),
    };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) =>
        bucket.IsLocking && !IsEnabled ? new(409, "InvalidBucketState") : new(200, "", bucket with { Versioning = Wanted });
}
