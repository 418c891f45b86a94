using System.Text;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutObjectLegalHold of a key or version.</summary>
/// <param name="At">Which version. Null for the current one.</param>
internal sealed record SetLegalHold(int Bucket, string Key, int? At, bool IsOn) : RequestStep(Bucket)
{
    protected override ModelRequest? Request(VersionScene scene, VersionedBucket bucket) =>
        VersionChange.Request(bucket, "PUT", "legal-hold", Key, At) is not { } request ? null : request with
        {
            Body = Encoding.ASCII.GetBytes($"<LegalHold><Status>{(IsOn ? "ON" : "OFF")}</Status></LegalHold>"),
        };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) => VersionChange.Outcome(
        scene, bucket, Key, At, _ => bucket.IsLocking ? null : new(400, "InvalidRequest"),
        version => version with { Lock = version.Lock with { Hold = IsOn } });
}
