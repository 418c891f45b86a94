namespace S3Overlay.Tests.Model.Operations;

/// <summary>An administrator evicts the entries of a bucket or of one key.</summary>
internal sealed record Evict(int Bucket, string? Key) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        Key is null ? [] : [new(scene.Buckets[Bucket], Key, ModelEffect.Read)];

    public override async Task RunAsync(ModelScene scene)
    {
        if (scene.IsFull && scene.Layer != ModelLayer.Embedded)
        {
            return;
        }

        var bucket = scene.Buckets[Bucket];
        var done = await scene.CallAsync("POST", "drop", Key is null ? [("bucket", bucket.Name)] : [("bucket", bucket.Name), ("key", Key)]);
        Expect.That(SceneRequests.IsMissing(done, bucket, Key)
            || (done.TryGetProperty("done", out var isDone) && isDone.GetBoolean() && done.GetProperty("failed").GetInt64() == 0),
            $"Evict: {done}");
        bucket.Evict(key => Key is null || key == Key);
    }
}
