using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>DeleteObjects: of keys and versions, each key once.</summary>
internal sealed record DeleteVersions(int Bucket, IReadOnlyList<string> Keys, int? At, bool Bypasses) : RequestStep(Bucket)
{
    protected override ModelRequest Request(VersionScene scene, VersionedBucket bucket)
    {
        var body = Encoding.UTF8.GetBytes($"<Delete>{string.Concat(Keys.Select(key => $"<Object><Key>{key}</Key>"
            + $"{(Id(bucket, key) is { } id ? $"<VersionId>{id}</VersionId>" : "")}</Object>"))}</Delete>");
        return new("POST", null, "delete")
        {
            Body = body, Headers = [("Content-MD5", Convert.ToBase64String(MD5.HashData(body))), .. Locks.Bypass(Bypasses)],
        };
    }

    /// <summary>Key by key: each stage is one of a single key, except for the last one.</summary>
    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket)
    {
        var (stages, all, isUnsure) = (new List<VersionedBucket>(), bucket, false);
        foreach (var key in Keys)
        {
            var outcome = DeleteVersion.Of(scene, bucket, key, Id(bucket, key), Bypasses);
            stages.AddRange(outcome.Stages);
            isUnsure |= outcome.IsUnsure;
            all = outcome.Stages.Count == 0 ? all : all.With(key, outcome.Stages[^1].Of(key));
        }

        return new(200, "", [.. stages, all]) { IsUnsure = isUnsure };
    }

    protected override Task CheckAsync(VersionScene scene, VersionedBucket before, RawResponse response)
    {
        var errors = XElement.Parse(response.Text).Elements().Where(static row => row.Name.LocalName == "Error")
            .ToDictionary(static row => VersionListing.Text(row, "Key")!, static row => VersionListing.Text(row, "Code")!);
        foreach (var key in Keys)
        {
            var right = DeleteVersion.Of(scene, before, key, Id(before, key), Bypasses).Code;
            var told = errors.GetValueOrDefault(key, "");
            if (scene.DiskTrouble.Happened && told == scene.DiskTrouble.Told)
            {
                scene.WasRefused = true;
                continue;
            }

            Expect.Same(right, told, $"The error of {key}");
        }

        return Task.CompletedTask;
    }

    public override string ToString() => $"DeleteVersions {{ Bucket = {Bucket}, Keys = {string.Join(", ", Keys)}, At = {At}, "
        + $"Bypasses = {Bypasses} }}";

    private string? Id(VersionedBucket bucket, string key) => VersionChange.IdOf(bucket, key, At);
}
