using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>CreateMultipartUpload, and UploadPart of its only part.</summary>
internal sealed record BeginVersionUpload(int Bucket, string Key, int Serial, int Size) : VersionStep
{
    public override IEnumerable<(int Bucket, VersionedBucket State)> MayLeave(VersionScene scene) =>
        [(Bucket, Begun(scene, ModelVersion.Unknown))];

    public override async Task RunAsync(VersionScene scene)
    {
        var name = scene.Buckets[Bucket].Name;
        var bytes = ObjectVersion.Content(Serial, Size);
        var begun = await scene.SendAsync(ModelCaller.Owner, "POST", name, Key, "uploads", null,
            (ObjectVersion.MetaHeader, ObjectVersion.Of(bytes).Meta));
        if (scene.IsRefusal(begun))
        {
            scene.WasRefused = true;
            return;
        }

        Expect.Status(begun, 200);
        var id = begun.Text.Split("<UploadId>")[1].Split("</UploadId>")[0];
        var part = await scene.SendAsync(ModelCaller.Owner, "PUT", name, Key,
            $"partNumber=1&uploadId={UriEncoding.EncodeComponent(id)}", bytes);
        var isRefused = scene.IsRefusal(part);
        Expect.Status(part, isRefused ? part.Status : 200);
        scene.Buckets[Bucket] = Begun(scene, id, isRefused ? null : bytes);
    }

    private VersionedBucket Begun(VersionScene scene, string id, byte[]? bytes = null)
    {
        var bucket = scene.Buckets[Bucket];
        return bucket with { Uploads = bucket.Uploads.SetItem(id, new OpenUpload(Key, bytes, scene.Now)) };
    }
}
