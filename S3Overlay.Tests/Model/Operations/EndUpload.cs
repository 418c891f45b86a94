using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>CompleteMultipartUpload, or AbortMultipartUpload.</summary>
internal sealed record EndUpload(int Slot, bool Aborts) : ModelOperation
{
    /// <inheritdoc/>
    public override async Task RunAsync(ModelScene scene)
    {
        if (!scene.Uploads.TryGetValue(Slot, out var upload))
        {
            return;
        }

        var query = "uploadId=" + UriEncoding.EncodeComponent(upload.Id);
        if (Aborts)
        {
            Expect.Status(await scene.SendAsync("DELETE", upload.Bucket, upload.Key, query), 204);
            scene.Uploads.Remove(Slot);
            return;
        }

        var xml = $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{ObjectVersion.Of(upload.Version.Bytes).ETag}</ETag></Part></CompleteMultipartUpload>";
        var answer = await scene.SendAsync("POST", upload.Bucket, upload.Key, query, System.Text.Encoding.UTF8.GetBytes(xml));
        if (answer.Status is 503 or 507 && scene.IsFull)
        {
            return;
        }

        Expect.Status(answer, 200);
        Expect.That(answer.Text.Contains(upload.Version.ETag.Trim('"'), StringComparison.Ordinal), $"The object is not {upload.Version}: {answer.Text}");
        upload.Bucket.Write(upload.Key, upload.Version);
        scene.Uploads.Remove(Slot);
    }
}
