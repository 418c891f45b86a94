namespace S3Overlay.Tests.Model.Operations;

/// <summary>An administrator brings the remote-owned keys of a bucket or a prefix into the cache.</summary>
internal sealed record Warm(int Bucket, string Prefix) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        Meant(scene.Buckets[Bucket]).Select(key => new ModelDoubt(scene.Buckets[Bucket], key, ModelEffect.Read));

    public override async Task RunAsync(ModelScene scene)
    {
        var (bucket, began) = (scene.Buckets[Bucket], scene.Now);
        // A frozen entry that misses bytes stays so once the remote has another version.
        var isStuck = scene.Freshness.Cache == ModelCache.Frozen
            && Meant(bucket).Any(key => bucket.EntriesOf(key).Possible.Keys.Any(version => version != bucket.Remote[key]));
        var isWell = !isStuck && !scene.Trouble.IsOn && !scene.MayNotKeep && began - scene.LastTrouble > TimeSpan.FromMinutes(2);
        var meant = Meant(bucket);
        meant.ForEach(key => scene.View.MayShow(bucket, key));
        var done = await scene.CallAsync("POST", "warm", ("bucket", bucket.Name), ("prefix", Prefix));
        if (!done.TryGetProperty("done", out _) || done.TryGetProperty("error", out _))
        {
            Expect.That(!isWell || !bucket.Exists || bucket.IsOpaque || scene.Freshness.Cache == ModelCache.Off, $"Warm: {done}");
            meant.ForEach(bucket.MayHaveKept);
            scene.DoubtEntries();
            return;
        }

        long Of(string name) => done.GetProperty(name).GetInt64();

        // Frozen listings also have entries whose objects the remote has lost.
        bool IsAll(long count) => scene.Freshness.Cache == ModelCache.Frozen ? count >= meant.Count : count == meant.Count;
        Expect.That(bucket.Exists && scene.Freshness.Cache != ModelCache.Off, $"There is nothing to warm: {done}");
        Expect.That(!isWell || (Of("failed") == 0 && Of("notCached") == 0 && IsAll(Of("brought") + Of("held"))),
            $"Warm of {meant.Count} keys: {done}");
        foreach (var key in meant)
        {
            var entries = bucket.EntriesOf(key);
            if (isWell && entries.Possible.Count == 0)
            {
                // The next read must be a hit.
                var isWhole = !scene.IsShared || bucket.Remote[key].Bytes.Length <= ModelScene.ChunkThreshold;
                entries.Is(new ModelEntry(bucket.Remote[key], began, isWhole), scene.Now);
            }
            else
            {
                bucket.MayHaveKept(key);
                entries.Doubt();
            }
        }
    }

    private List<string> Meant(ModelBucket bucket) => bucket.IsOpaque ? [] : [.. bucket.Remote.Keys
        .Where(key => !bucket.IsDecidedHere(key) && key.StartsWith(Prefix, StringComparison.Ordinal)).Order(ModelBucket.ByBytes)];
}
