namespace S3Overlay.Tests.Model.Operations;

/// <summary>
/// An administrator brings back what was saved. Keys that were changed here since stay as they are, unless it is forced. Bytes, metadata
/// and tags are as they were; an object may come back in one piece.
/// </summary>
internal sealed record Import(int Slot, bool Force) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) => !scene.Archives.TryGetValue(Slot, out var archive) ? []
        : archive.Changes.SelectMany(change => change.Value is { } version
            ? new[] { version, InOnePiece(version) }.Select(each => new ModelDoubt(archive.Bucket, change.Key, ModelEffect.Written, each))
            : [new ModelDoubt(archive.Bucket, change.Key, ModelEffect.Deleted)]);

    public override async Task RunAsync(ModelScene scene)
    {
        if (!scene.Archives.TryGetValue(Slot, out var archive) || archive.Bucket.IsOpaque || !archive.Bucket.Exists)
        {
            return;
        }

        var bucket = archive.Bucket;
        scene.SetFull(false);
        await scene.MendAsync();
        var isSure = archive.Changes.Keys.ToDictionary(key => key, key => Force || bucket.IsDecidedHere(key)
            || scene.View.MayShow(bucket, key).Count + scene.View.MayShow(bucket, key, isExact: true).Count == 2);
        var (code, done, errors) = await ModelCommands.RunAsync(
            scene, ["import", archive.File, "--yes", .. Force ? ["--force"] : Array.Empty<string>()]);
        Expect.That(code == 0 && done.GetProperty("failed").GetInt64() == 0, $"{code}: import of {archive.Changes.Count}: {done} {errors}");
        foreach (var (key, saved) in archive.Changes)
        {
            await LookAsync(scene, bucket, key, saved, isSure[key]);
        }
    }

    private async Task LookAsync(ModelScene scene, ModelBucket bucket, string key, ObjectVersion? saved, bool isSure)
    {
        var (written, isDeleted) = (bucket.Written.GetValueOrDefault(key), bucket.Tombstones.Contains(key));
        var mustStay = !Force && (written is not null || isDeleted);
        if (mustStay)
        {
            // The next reads check it.
            return;
        }

        var response = await scene.SendAsync("GET", bucket, key);
        var isLocal = response.Headers.GetValueOrDefault("x-s3overlay-layer") == "local";
        if (!isSure && response.Status == 200 && !isLocal)
        {
            // A condition was judged on what the proxy did not know yet.
            bucket.MayHaveKept(key);
            bucket.EntriesOf(key).Doubt();
            return;
        }

        if (saved is null)
        {
            Expect.Status(response, isSure ? [404] : [200, 404]);
            if (response.Status == 404 && isSure)
            {
                bucket.Delete(key);
            }

            return;
        }

        var etag = response.Headers.GetValueOrDefault("ETag", "");
        var back = new[] { saved, InOnePiece(saved) }.FirstOrDefault(version => version.ETag == etag);
        Expect.That(response.Status == 200 && isLocal && back is not null && response.Body.AsSpan().SequenceEqual(saved.Bytes),
            $"{response.Status} for {key} with the ETag {etag}, and {saved} was imported.");
        Expect.Same(saved.Meta, response.Headers.GetValueOrDefault(ObjectVersion.MetaHeader, ""), ObjectVersion.MetaHeader);
        var tags = await scene.SendAsync("GET", bucket, key, "tagging");
        Expect.That(tags.Text.Contains("<Tag>", StringComparison.Ordinal) == saved.Tags.Length > 0
            && (saved.Tags.Length == 0 || tags.Text.Contains($"<Value>{saved.Tags[2..]}</Value>", StringComparison.Ordinal)),
            $"{key} was saved with the tags \"{saved.Tags}\", and has {tags.Text}");
        bucket.Write(key, back!);
    }

    private static ObjectVersion InOnePiece(ObjectVersion version) =>
        ObjectVersion.Of(version.Bytes) with { Meta = version.Meta, Tags = version.Tags };
}
