using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>CreateMultipartUpload and UploadPart of its first part. Another upload of the slot is abandoned.</summary>
internal sealed record BeginUpload(int Slot, int Bucket, string Key, int Serial, int Size) : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var version = ObjectVersion.Of(ObjectVersion.Content(Serial, Size));
        scene.Uploads.Remove(Slot);
        var begun = await scene.SendAsync("POST", bucket, Key, "uploads", null, (ObjectVersion.MetaHeader, version.Meta));
        if (!bucket.Exists)
        {
            Expect.NoBucket(begun, scene);
            return;
        }

        if (begun.Status is 503 or 507 && scene.MayFailToWrite(bucket))
        {
            return;
        }

        Expect.Status(begun, 200);
        bucket.HasLocal = true;

        // Not read as XML: the key in it may have characters that no parser takes.
        var id = begun.Text.Split("<UploadId>")[1].Split("</UploadId>")[0];
        var part = await scene.SendAsync("PUT", bucket, Key, $"partNumber=1&uploadId={UriEncoding.EncodeComponent(id)}", version.Bytes);
        scene.Uploads[Slot] = new ModelUpload(bucket, Key, id, version.Meta);
        if (part.Status == 507 && scene.MayRefuse)
        {
            return;
        }

        Expect.Status(part, 200);
        Expect.Same(version.ETag, part.Headers.GetValueOrDefault("ETag", ""), "The part's ETag");
        scene.Uploads[Slot].Note(1, version.Bytes);
    }
}
