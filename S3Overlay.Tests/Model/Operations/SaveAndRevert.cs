namespace S3Overlay.Tests.Model.Operations;

/// <summary>An administrator saves the changes of a bucket or a prefix in a file, and reverts them. The remote answers.</summary>
internal sealed record SaveAndRevert(int Slot, int Bucket, string Prefix) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        Meant(scene.Buckets[Bucket]).Select(key => new ModelDoubt(scene.Buckets[Bucket], key, ModelEffect.Reverted));

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
        var meant = Meant(bucket);
        var file = scene.Files[$"{Guid.NewGuid():n}.tar"];
        var (code, done, errors) = await ModelCommands.RunAsync(
            scene, ["revert", bucket.Name, .. Prefix.Length == 0 ? Array.Empty<string>() : [$"--prefix={Prefix}"], "--added", "--yes",
                $"--save={file}"]);
        Expect.That(code == 0 && done.GetProperty("reverted").GetInt64() == meant.Count,
            $"{code}: saved and reverted {meant.Count} keys: {done} {errors}");
        scene.Archives[Slot] = new ModelArchive(bucket, file, meant.ToDictionary(key => key, bucket.Written.GetValueOrDefault));
        meant.ForEach(bucket.Revert);
    }

    private List<string> Meant(ModelBucket bucket) => [.. bucket.Changed()
        .Where(key => key.StartsWith(Prefix, StringComparison.Ordinal))];
}
