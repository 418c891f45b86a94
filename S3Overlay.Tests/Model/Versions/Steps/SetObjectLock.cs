using System.Text;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutObjectLockConfiguration: enables Object Lock, and sets the default retention.</summary>
/// <param name="Mode">The mode of the default retention. Null for none.</param>
internal sealed record SetObjectLock(int Bucket, string? Mode, int Days) : RequestStep(Bucket)
{
    private (string, int)? Retention => Mode is null ? null : (Mode, Days);

    protected override ModelRequest Request(VersionScene scene, VersionedBucket bucket) => new("PUT", null, "object-lock")
    {
        Body = Encoding.ASCII.GetBytes(BucketFacts.LockXml(Retention)),
    };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) =>
        bucket.Versioning != ModelVersioning.Enabled ? new(409, "InvalidBucketState")
            : new(200, "", bucket with { IsLocking = true, DefaultRetention = Retention });
}
