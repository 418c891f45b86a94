namespace S3Overlay.Tests.Model.Operations;

/// <summary>
/// An administrator reverts a key, a prefix, or a whole bucket, with what the remote does not have. Nothing happens while an upload of such
/// a key is open: whether that was aborted would not be known after a crash.
/// </summary>
internal sealed record Revert(int Bucket, string? Key, string? Prefix) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        Meant(scene.Buckets[Bucket]).Select(key => new ModelDoubt(scene.Buckets[Bucket], key, ModelEffect.Reverted))
            .Append(new ModelDoubt(scene.Buckets[Bucket], "", ModelEffect.BucketShown));

    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        if ((scene.IsFull && scene.Layer != ModelLayer.Embedded)
            || scene.Uploads.Values.Any(upload => upload.Bucket == bucket && IsMeant(upload.Key)))
        {
            return;
        }

        scene.LetDeletesEnd();
        scene.WasRefused = false;
        var isPart = (Key ?? Prefix) is not null;
        var done = await scene.CallAsync(
            "POST", "revert", [("bucket", bucket.Name), ("added", "true"), ("deleted-buckets", "true"),
                .. Key is null ? [] : new[] { ("key", Key) }, .. Prefix is null ? [] : new[] { ("prefix", Prefix) }]);
        if (bucket.IsOpaque && isPart)
        {
            Expect.That(done.TryGetProperty("code", out var code) && code.GetString() == "InvalidBucketState",
                $"Part of a deleted bucket was reverted: {done}");
            return;
        }

        if (scene.WasRefused || SceneRequests.IsMissing(done, bucket, Key))
        {
            return;
        }

        var meant = Meant(bucket);
        Expect.That(
            done.TryGetProperty("done", out var isDone) && isDone.GetBoolean() && done.GetProperty("reverted").GetInt64() == meant.Count
                && done.GetProperty("changed").GetInt64() == 0 && done.GetProperty("young").GetInt64() == 0
                && done.GetProperty("buckets").GetInt64() == (bucket.IsOpaque ? 1 : 0),
            $"Revert of {meant.Count} keys: {done}");
        foreach (var key in meant)
        {
            bucket.Revert(key);
        }

        if (bucket.IsOpaque)
        {
            bucket.Show();
        }
    }

    private List<string> Meant(ModelBucket bucket) =>
        [.. bucket.Written.Keys.Concat(bucket.IsOpaque ? [] : bucket.Tombstones).Distinct().Where(IsMeant)];

    private bool IsMeant(string key) => Key is not null ? key == Key : key.StartsWith(Prefix ?? "", StringComparison.Ordinal);
}
