using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>UploadPartCopy: of an object, or of a range of it.</summary>
/// <param name="First">The range's first byte; null for the whole object.</param>
/// <param name="Length">The length of the range.</param>
internal sealed record CopyPart(int Slot, int Number, int SourceBucket, string SourceKey, int? First, int Length, ModelCondition Condition)
    : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        [new(scene.Buckets[SourceBucket], SourceKey, ModelEffect.Read)];

    public override async Task RunAsync(ModelScene scene)
    {
        if (!scene.Uploads.TryGetValue(Slot, out var upload))
        {
            return;
        }

        var before = upload.Begin(Number);
        var source = scene.Buckets[SourceBucket];
        IReadOnlyList<ObjectVersion?> shown = source.Exists ? scene.View.MayShow(source, SourceKey) : [null];
        (string, string)[] range = First is { } first ? [("x-amz-copy-source-range", $"bytes={first}-{first + Length - 1}")] : [];
        var response = await scene.SendAsync(
            "PUT", upload.Bucket, upload.Key, $"partNumber={Number}&uploadId={UriEncoding.EncodeComponent(upload.Id)}", null,
            [("x-amz-copy-source", $"/{source.Name}/{UriEncoding.EncodeKey(SourceKey)}"), .. range,
                .. Conditions.OfSource(Condition, shown)]);
        if (response.Status is 503 or 507 && (scene.MayRefuse || scene.View.MayBeUnknown(source, SourceKey)))
        {
            upload.Refused(Number, before);
            return;
        }

        source.MayHaveKept(SourceKey);
        Expect.Status(response, shown.Select(version => Conditions.Source(Condition, version, shown, Slice(version) is null ? 400 : 200)));
        if (response.Status != 200)
        {
            upload.Refused(Number, before);
            return;
        }

        var etag = XElement.Parse(response.Text.Trim()).Elements().First(element => element.Name.LocalName == "ETag").Value;
        upload.Note(Number, shown.Select(Slice).FirstOrDefault(bytes => bytes is not null && ObjectVersion.Of(bytes).ETag == etag)
            ?? throw new Mismatch($"The part has the ETag {etag}, and what may be copied is of {string.Join(" or ", shown)}."));
    }

    /// <summary>The bytes of the range. Null if the object does not have all of them.</summary>
    private byte[]? Slice(ObjectVersion? version) =>
        First is not { } first ? version?.Bytes
        : first + Length <= version?.Bytes.Length ? version.Bytes[first..(first + Length)] : null;
}
