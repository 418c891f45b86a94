using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>CopyObject.</summary>
internal sealed record CopyObject(int Bucket, string Key, int SourceBucket, string SourceKey, bool Replaces) : ModelOperation
{
    /// <inheritdoc/>
    public override async Task RunAsync(ModelScene scene)
    {
        var (bucket, source) = (scene.Buckets[Bucket], scene.Buckets[SourceBucket]);
        IReadOnlyList<ObjectVersion?> shown = source.Exists ? scene.MayShow(source, SourceKey) : [null];
        var directive = ("x-amz-metadata-directive", Replaces ? "REPLACE" : "COPY");
        var from = ("x-amz-copy-source", $"/{source.Name}/{UriEncoding.EncodeKey(SourceKey)}");

        // What takes the place of the metadata is the same: it follows from the bytes, of which there may be two.
        var meta = shown.FirstOrDefault(version => version is not null)?.Meta ?? "none";
        var replaces = Replaces && shown.Count(version => version is not null) == 1;
        var answer = await scene.SendAsync(
            "PUT", bucket, Key, "", null, replaces ? [from, directive, (ObjectVersion.MetaHeader, meta)] : [from]);
        if (!bucket.Exists)
        {
            Expect.NoBucket(answer, scene);
            return;
        }

        if (answer.Status is 503 or 507 && (scene.MayFailToWrite(bucket) || scene.MayBeUnknown(source, SourceKey)))
        {
            return;
        }

        source.MayHaveKept(SourceKey);
        if (bucket == source && Key == SourceKey && !replaces)
        {
            // Nothing would change.
            Expect.Status(answer, 400, 404);
            return;
        }

        Expect.Status(answer, shown.Select(version => version is null ? 404 : 200));
        if (answer.Status == 200)
        {
            var etag = XElement.Parse(answer.Text.Trim()).Elements().First(element => element.Name.LocalName == "ETag").Value;
            var copied = shown.FirstOrDefault(version => version is not null && ObjectVersion.Of(version.Bytes).ETag == etag)
                ?? throw new Mismatch($"The copy has the ETag {etag}, and what may be copied is {string.Join(" or ", shown)}.");
            bucket.Write(Key, ObjectVersion.Of(copied.Bytes));
        }
    }
}
