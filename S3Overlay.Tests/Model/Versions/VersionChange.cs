using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>What changes of a sub-resource of a version have in common.</summary>
internal static class VersionChange
{
    private static readonly ModelVersion Nothing = new("", null, default);

    /// <summary>The id of a version, counted from the newest. Null for none.</summary>
    public static string? IdOf(VersionedBucket bucket, string key, int? at) =>
        at is { } number && bucket.Of(key).Versions is { IsEmpty: false } versions ? versions[number % versions.Count].Id : null;

    /// <summary>The request. Null if it names a version of a key that has none.</summary>
    public static ModelRequest? Request(VersionedBucket bucket, string method, string subResource, string key, int? at) =>
        at is null ? new(method, key, subResource)
        : IdOf(bucket, key, at) is { } id ? new(method, key, $"{subResource}&versionId={UriEncoding.EncodeComponent(id)}") : null;

    /// <summary>What it does. The remote's object becomes a version first (rule W5).</summary>
    /// <param name="refuse">Why a version must not be changed. Null if it may be.</param>
    /// <param name="change">Changes a version.</param>
    public static ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket, string key, int? at,
        Func<ModelVersion, ModelOutcome?> refuse, Func<ModelVersion, ModelVersion> change, int status = 200)
    {
        var copied = at is null ? bucket.CopyUp(key, scene.Now) : bucket;
        var state = copied.Of(key);
        var version = at is null ? copied.Current(key) : state.Find(IdOf(bucket, key, at)!);
        if (version is null or { IsMarker: true })
        {
            // Without Object Lock there are no locks, whatever the key.
            var missing = at is null ? new ModelOutcome(404, "NoSuchKey") : new(405, "MethodNotAllowed");
            return missing with
            {
                // A deleted key has no version null: no object of the remote, nor what the local layer has.
                Or = refuse(Nothing) is { Code: "InvalidRequest" } none ? none
                    : bucket.IsOverlaid && version?.Id == ModelVersion.Null ? new(404, "NoSuchKey") : null,
            };
        }

        var isCopied = copied != bucket;
        if (refuse(version) is { } refusal)
        {
            return isCopied ? refusal with { Stages = [copied], IsUnsure = true } : refusal;
        }

        var changed = copied.With(key, state.Replace(version, change(version)));
        return isCopied ? new(status, "", copied, changed) : new(status, "", changed);
    }
}
