namespace S3Overlay.Tests.Model.Operations;

internal sealed record PutObject(int Bucket, string Key, int Serial, int Size, ModelCondition Condition) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        [new(scene.Buckets[Bucket], Key, ModelEffect.Written, ObjectVersion.OfPut(ObjectVersion.Content(Serial, Size)))];

    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var shown = scene.View.MayShow(bucket, Key, isExact: true);
        var version = ObjectVersion.OfPut(ObjectVersion.Content(Serial, Size));
        var response = await scene.SendAsync(
            "PUT", bucket, Key, "", version.Bytes,
            [(ObjectVersion.MetaHeader, version.Meta), .. version.TagHeader(), .. Conditions.Header(Condition, shown)]);
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

        Expect.Status(response, shown.Select(current => Conditions.Write(Condition, current, shown, 200)));
        if (response.Status == 200)
        {
            Expect.That(!scene.IsFull, "It was written to a store that takes nothing more.");
            Expect.Same(version.ETag, response.Headers.GetValueOrDefault("ETag", ""), "ETag");
            bucket.Write(Key, version);
        }
        else
        {
            bucket.MayHaveKept(Key);
        }
    }
}
