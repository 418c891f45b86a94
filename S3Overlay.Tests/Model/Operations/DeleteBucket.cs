namespace S3Overlay.Tests.Model.Operations;

/// <summary>DeleteBucket, and HeadBucket after it.</summary>
internal sealed record DeleteBucket(int Bucket) : ModelOperation
{
    /// <inheritdoc/>
    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var answer = await scene.SendAsync("DELETE", bucket, null);
        if (bucket.Exists && answer.Status is 503 or 507 && (scene.IsFull || (scene.Trouble.IsDown && !bucket.IsOpaque)))
        {
            return;
        }

        Expect.Status(answer, !bucket.Exists ? 404 : bucket.Visible().Count > 0 ? 409 : 204);
        if (answer.Status == 204)
        {
            bucket.DeleteAll();
            foreach (var (slot, _) in scene.Uploads.Where(upload => upload.Value.Bucket == bucket).ToList())
            {
                scene.Uploads.Remove(slot);
            }
        }

        if (!scene.Trouble.IsDown)
        {
            Expect.Status(await scene.SendAsync("HEAD", bucket, null), bucket.Exists ? 200 : 404);
        }
    }
}
