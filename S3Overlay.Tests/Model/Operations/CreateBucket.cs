namespace S3Overlay.Tests.Model.Operations;

internal sealed record CreateBucket(int Bucket) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        [new(scene.Buckets[Bucket], "", ModelEffect.BucketMade)];

    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var response = await scene.SendAsync("PUT", bucket, null);
        if (response.Status is 503 or 507 && scene.MayRefuse)
        {
            return;
        }

        Expect.Status(response, 200);
        bucket.HasLocal = true;
    }
}
