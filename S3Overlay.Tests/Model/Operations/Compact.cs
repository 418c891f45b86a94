namespace S3Overlay.Tests.Model.Operations;

/// <summary>An administrator removes tombstones that hide nothing, and lists the others.</summary>
internal sealed record Compact(int Bucket, string Prefix) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        scene.Buckets[Bucket].Tombstones.Select(key => new ModelDoubt(scene.Buckets[Bucket], key, ModelEffect.Undeleted));

    public override async Task RunAsync(ModelScene scene)
    {
        if ((scene.IsFull && scene.Layer != ModelLayer.Embedded) || scene.Trouble.IsDown)
        {
            return;
        }

        var bucket = scene.Buckets[Bucket];
        scene.LetDeletesEnd();
        scene.WasRefused = false;
        var done = await scene.CallAsync("POST", "compact", ("bucket", bucket.Name), ("prefix", Prefix));
        if (bucket.IsOpaque)
        {
            Expect.That(done.TryGetProperty("code", out var code) && code.GetString() == "InvalidBucketState",
                $"A deleted bucket was compacted: {done}");
            return;
        }

        if (scene.WasRefused || SceneRequests.IsMissing(done, bucket, null))
        {
            return;
        }

        var looked = bucket.Tombstones.Where(key => key.StartsWith(Prefix, StringComparison.Ordinal)).ToList();
        var idle = looked.Where(key => !bucket.Remote.ContainsKey(key)).ToList();
        Expect.That(
            done.TryGetProperty("done", out var isDone) && isDone.GetBoolean() && done.GetProperty("kept").GetInt64() == 0
                && done.GetProperty("tombstones").GetInt64() == looked.Count && done.GetProperty("removed").GetInt64() == idle.Count,
            $"Compaction of {looked.Count} tombstones, of which {idle.Count} hide nothing: {done}");
        bucket.Tombstones.ExceptWith(idle);
    }
}
