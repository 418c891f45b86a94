namespace S3Overlay.Tests.Model.Operations;

internal sealed record DeleteObject(int Bucket, string Key, ModelCondition Condition) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        [new(scene.Buckets[Bucket], Key, ModelEffect.Deleted)];

    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var shown = scene.View.MayShow(bucket, Key, isExact: true);
        var response = await scene.SendAsync("DELETE", bucket, Key, "", null, Conditions.Header(Condition, shown));
        if (!bucket.Exists)
        {
            Expect.NoBucket(response, scene);
            return;
        }

        if (response.Status is 503 or 507
            && (scene.MayFailToWrite(bucket) || (Condition != ModelCondition.None && scene.View.MayBeUnknown(bucket, Key))))
        {
            return;
        }

        Expect.Status(response, shown.Select(current => Conditions.Write(Condition, current, shown, 204)));
        if (response.Status == 204)
        {
            bucket.Delete(Key);
        }
        else
        {
            bucket.MayHaveKept(Key);
        }
    }
}
