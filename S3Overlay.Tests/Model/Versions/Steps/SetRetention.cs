using System.Text;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutObjectRetention of a key or version.</summary>
/// <param name="At">Which version. Null for the current one.</param>
/// <param name="Mode">Null to remove the retention.</param>
/// <param name="Days">How long it lasts: until an evening.</param>
/// <param name="Bypasses">Whether the request asks to bypass governance.</param>
/// <param name="Caller">The owner, who may bypass it, or the clerk, who may not.</param>
internal sealed record SetRetention(int Bucket, string Key, int? At, string? Mode, int Days, bool Bypasses, ModelCaller Caller)
    : RequestStep(Bucket)
{
    protected override ModelRequest? Request(VersionScene scene, VersionedBucket bucket)
    {
        var until = ModelLock.Date(Locks.Evening(scene.Now, Days));
        return VersionChange.Request(bucket, "PUT", "retention", Key, At) is not { } request ? null : request with
        {
            Caller = Caller,
            Headers = Locks.Bypass(Bypasses),
            Body = Encoding.ASCII.GetBytes(Mode is null ? "<Retention/>"
                : $"<Retention><Mode>{Mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>"),
        };
    }

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket)
    {
        var until = Locks.Evening(scene.Now, Days);
        return VersionChange.Outcome(
            scene, bucket, Key, At,
            version => !bucket.IsLocking ? new(400, "InvalidRequest")
                : version.Lock.MayBecome(Mode, until, scene.Now, Bypasses && Caller == ModelCaller.Owner) ? null
                : new(403, "AccessDenied"),
            version => version with { Lock = version.Lock with { Mode = Mode, Until = Mode is null ? null : until } });
    }
}
