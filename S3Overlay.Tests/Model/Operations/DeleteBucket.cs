namespace S3Overlay.Tests.Model.Operations;

/// <summary>DeleteBucket, and HeadBucket after it.</summary>
internal sealed record DeleteBucket(int Bucket) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        scene.View.MayList(scene.Buckets[Bucket]).All(row => row.Versions.Contains(null))
            ? [new(scene.Buckets[Bucket], "", ModelEffect.BucketDeleted)] : [];

    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var rows = scene.View.MayList(bucket).ToList();
        var uploads = scene.Uploads.Where(upload => upload.Value.Bucket == bucket).ToList();
        uploads.ForEach(upload => scene.Uploads.Remove(upload.Key));
        var response = await scene.SendAsync("DELETE", bucket, null);
        if (response.Status != 204)
        {
            uploads.ForEach(upload => scene.Uploads.Add(upload.Key, upload.Value));
        }

        if (bucket.Exists && response.Status is 503 or 507 && (scene.MayRefuse || (scene.Trouble.IsDown && !bucket.IsOpaque)))
        {
            return;
        }

        Expect.Status(response, !bucket.Exists ? [404] : rows.Count == 0 ? [204] : rows.All(row => row.Versions.Contains(null)) ? [204, 409]
            : [409]);
        if (response.Status == 204)
        {
            bucket.DeleteAll();
        }

        if (!scene.Trouble.IsDown)
        {
            Expect.Status(await scene.SendAsync("HEAD", bucket, null), bucket.Exists ? 200 : 404);
        }
    }
}
