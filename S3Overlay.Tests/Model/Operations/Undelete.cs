namespace S3Overlay.Tests.Model.Operations;

/// <summary>An administrator undeletes a key, a prefix, or a whole bucket.</summary>
internal sealed record Undelete(int Bucket, string? Key, string? Prefix) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        scene.Buckets[Bucket].Tombstones.Select(key => new ModelDoubt(scene.Buckets[Bucket], key, ModelEffect.Undeleted))
            .Append(new ModelDoubt(scene.Buckets[Bucket], "", ModelEffect.BucketShown));

    public override async Task RunAsync(ModelScene scene)
    {
        if (scene.IsFull && scene.Layer != ModelLayer.Embedded)
        {
            return;
        }

        var bucket = scene.Buckets[Bucket];
        scene.LetDeletesEnd();
        scene.WasRefused = false;
        var done = await scene.CallAsync(
            "POST", "discard", [("bucket", bucket.Name), .. Key is null ? [] : new[] { ("key", Key) }, .. Prefix is null ? []
                : new[] { ("prefix", Prefix) }]);
        if (bucket.IsOpaque && (Key ?? Prefix) is not null)
        {
            Expect.That(done.TryGetProperty("code", out var code) && code.GetString() == "InvalidBucketState",
                $"Part of a deleted bucket was undeleted: {done}");
            return;
        }

        if (scene.WasRefused || SceneRequests.IsMissing(done, bucket, Key))
        {
            return;
        }

        var meant = bucket.Tombstones.Where(key => Key is not null ? key == Key : key.StartsWith(Prefix ?? "", StringComparison.Ordinal))
            .ToList();
        Expect.That(
            done.TryGetProperty("done", out var isDone) && isDone.GetBoolean() && done.GetProperty("kept").GetInt64() == 0
                && done.GetProperty("tombstones").GetInt64() == meant.Count
                    && done.GetProperty("buckets").GetInt64() == (bucket.IsOpaque ? 1 : 0),
            $"Undelete of {meant.Count} tombstones: {done}");
        bucket.Tombstones.ExceptWith(meant);
        if (bucket.IsOpaque)
        {
            bucket.Show();
        }
    }
}
