namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>DeleteBucket of a bucket that has versions: it stays.</summary>
internal sealed record KeepBucket(int Bucket) : RequestStep(Bucket)
{
    protected override ModelRequest? Request(VersionScene scene, VersionedBucket bucket) =>
        bucket.ShownKeys().Any() ? new("DELETE", null) : null;

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) => new(409, "BucketNotEmpty");
}
