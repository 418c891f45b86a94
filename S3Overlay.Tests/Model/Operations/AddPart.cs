using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>UploadPart: adds or replaces a part.</summary>
internal sealed record AddPart(int Slot, int Number, int Serial, int Size) : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        if (!scene.Uploads.TryGetValue(Slot, out var upload))
        {
            return;
        }

        var before = upload.Begin(Number);
        var bytes = ObjectVersion.Content(Serial, Size);
        var response = await scene.SendAsync("PUT", upload.Bucket, upload.Key,
            $"partNumber={Number}&uploadId={UriEncoding.EncodeComponent(upload.Id)}", bytes);
        if (response.Status is 503 or 507 && scene.MayRefuse)
        {
            upload.Refused(Number, before);
            return;
        }

        Expect.Status(response, 200);
        Expect.Same(ObjectVersion.Of(bytes).ETag, response.Headers.GetValueOrDefault("ETag", ""), "The part's ETag");
        upload.Note(Number, bytes);
    }
}
