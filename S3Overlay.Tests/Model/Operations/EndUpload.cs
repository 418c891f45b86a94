using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>CompleteMultipartUpload, or AbortMultipartUpload.</summary>
/// <param name="Condition">The condition on the written key.</param>
internal sealed record EndUpload(int Slot, bool Aborts, ModelCondition Condition) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        !Aborts && scene.Uploads.TryGetValue(Slot, out var upload) && upload.Parts.Count > 0
            ? [new(upload.Bucket, upload.Key, ModelEffect.Written, upload.Version)] : [];

    public override async Task RunAsync(ModelScene scene)
    {
        if (!scene.Uploads.TryGetValue(Slot, out var upload) || (upload.Parts.Count == 0 && !Aborts))
        {
            return;
        }

        scene.Uploads.Remove(Slot);
        var query = "uploadId=" + UriEncoding.EncodeComponent(upload.Id);
        if (Aborts)
        {
            var aborted = await scene.SendAsync("DELETE", upload.Bucket, upload.Key, query);
            if (aborted.Status == 507 && scene.DiskTrouble.Happened && !scene.IsFull)
            {
                // A disk that is only full takes files away.
                scene.Uploads[Slot] = upload;
                return;
            }

            Expect.Status(aborted, 204);
            scene.EndedUploads.Add(upload.Id);
            return;
        }

        var (bucket, key, version) = (upload.Bucket, upload.Key, upload.Version);
        var shown = scene.View.MayShow(bucket, key, isExact: true);
        var parts = upload.Parts.Select(part =>
            $"<Part><PartNumber>{part.Key}</PartNumber><ETag>{ObjectVersion.Of(part.Value).ETag}</ETag></Part>");
        var xml = $"<CompleteMultipartUpload>{string.Concat(parts)}</CompleteMultipartUpload>";
        var response = await scene.SendAsync("POST", bucket, key, query, System.Text.Encoding.UTF8.GetBytes(xml),
            Conditions.Header(Condition, shown));
        if (response.Status != 200)
        {
            scene.Uploads[Slot] = upload;
        }

        if (response.Status is 503 or 507
            && (scene.MayRefuse || (Condition != ModelCondition.None && scene.View.MayBeUnknown(bucket, key))))
        {
            return;
        }

        var outcomes = shown.Select(current => Conditions.Write(Condition, current, shown, 200)).ToList();
        Expect.Status(response, upload.IsTooSmall ? outcomes.Where(status => status != 200).Append(400) : outcomes);
        if (response.Status == 200)
        {
            Expect.That(response.Text.Contains(version.ETag.Trim('"'), StringComparison.Ordinal),
                $"The object is not {version}: {response.Text}");
            bucket.Write(key, version);
            scene.EndedUploads.Add(upload.Id);
        }
        else
        {
            bucket.MayHaveKept(key);
        }
    }
}
