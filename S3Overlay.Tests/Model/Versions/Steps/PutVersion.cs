using System.Security.Cryptography;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutObject, with tags, a lock or an ACL.</summary>
/// <param name="Tag">Null for no tags.</param>
/// <param name="Mode">The mode of its retention. Null to ask for none.</param>
/// <param name="Hold">A legal hold. Null to ask for none.</param>
internal sealed record PutVersion(
    int Bucket, string Key, int Serial, int Size, string? Tag, string? Mode, int Days, bool? Hold, ModelAcl Acl) : RequestStep(Bucket)
{
    protected override ModelRequest Request(VersionScene scene, VersionedBucket bucket)
    {
        var bytes = ObjectVersion.Content(Serial, Size);
        return new("PUT", Key)
        {
            Body = bytes,
            Headers =
            [
                ("Content-MD5", Convert.ToBase64String(MD5.HashData(bytes))), (ObjectVersion.MetaHeader, ObjectVersion.Of(bytes).Meta),
                .. Tag is null ? Array.Empty<(string, string)>() : [("x-amz-tagging", "t=" + Tag)],
                .. Mode is null ? Array.Empty<(string, string)>() : [("x-amz-object-lock-mode", Mode),
                    ("x-amz-object-lock-retain-until-date", ModelLock.Date(Locks.Evening(scene.Now, Days)))],
                .. Hold is null ? Array.Empty<(string, string)>() : [("x-amz-object-lock-legal-hold", Hold.Value ? "ON" : "OFF")],
                .. Acl == ModelAcl.Private ? Array.Empty<(string, string)>() : [AclHeaders.Of(Acl)],
            ],
        };
    }

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket)
    {
        if (Acl != ModelAcl.Private && AclHeaders.Refusal(bucket.Access, Acl) is { } refusal)
        {
            return refusal;
        }

        if ((Mode is not null || Hold is not null) && !bucket.IsLocking)
        {
            return new(400, "InvalidRequest");
        }

        var version = new ModelVersion("", ObjectVersion.Of(ObjectVersion.Content(Serial, Size)), scene.Now)
        {
            Tags = Tag is null ? "" : "t=" + Tag, Acl = Acl,
            Lock = new(Mode, Mode is null ? null : Locks.Evening(scene.Now, Days), Hold),
        };
        return new(200, "", bucket.Write(Key, version, scene.Now));
    }
}
