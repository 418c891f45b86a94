namespace S3Overlay.Tests.Model.Operations;

/// <summary>An administrator saves the changes of a bucket or a prefix in a file, and reverts them. The remote answers.</summary>
internal sealed record SaveAndRevert(int Slot, int Bucket, string Prefix) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        Meant(scene.Buckets[Bucket]).Concat(Unclear(scene.Buckets[Bucket]))
            .Select(key => new ModelDoubt(scene.Buckets[Bucket], key, ModelEffect.Reverted));

    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        if (bucket.IsOpaque || !bucket.Exists)
        {
            return;
        }

        scene.SetFull(false);
        await scene.MendAsync();
        scene.LetDeletesEnd();
        scene.Archives.Remove(Slot);
        var (meant, unclear) = (Meant(bucket), Unclear(bucket));
        var file = scene.Files[$"{Guid.NewGuid():n}.tar"];
        var (code, done, errors) = await ModelCommands.RunAsync(
            scene, ["revert", bucket.Name, .. Prefix.Length == 0 ? Array.Empty<string>() : [$"--prefix={Prefix}"], "--added", "--yes",
                $"--save={file}"]);
        foreach (var key in unclear)
        {
            var now = await scene.CallAsync("GET", "explain", ("bucket", bucket.Name), ("key", key));
            if (now.GetProperty("reason").GetString() != "deleted")
            {
                meant.Add(key);
            }
        }

        Expect.That(code == 0 && done.GetProperty("reverted").GetInt64() == meant.Count,
            $"{code}: saved and reverted {meant.Count} keys: {done} {errors}");
        scene.Archives[Slot] = new ModelArchive(bucket, file, meant.ToDictionary(key => key, bucket.Written.GetValueOrDefault));
        meant.ForEach(bucket.Revert);
    }

    /// <summary>Deleted keys that the remote lacks: whether they are changes depends on what the proxy has shown of them before.</summary>
    private List<string> Unclear(ModelBucket bucket) => [.. bucket.Tombstones
        .Where(key => key.StartsWith(Prefix, StringComparison.Ordinal) && !bucket.Changed().Contains(key))];

    private List<string> Meant(ModelBucket bucket) => [.. bucket.Changed()
        .Where(key => key.StartsWith(Prefix, StringComparison.Ordinal))];
}
