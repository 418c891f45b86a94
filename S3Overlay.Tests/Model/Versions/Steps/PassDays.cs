namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>Days pass, and the rules of lifecycles act each time they are due.</summary>
internal sealed record PassDays(int Days) : VersionStep
{
    /// <summary>
    /// Whether the proxy or the disk fails in between. Then the rules run once more an hour later, and find what the first run left.
    /// </summary>
    public bool MayRepeat { get; init; }

    public override async Task RunAsync(VersionScene scene)
    {
        var now = scene.Now;
        var after = scene.Buckets.Select(bucket => After(bucket, now)).ToArray();
        try
        {
            await scene.AdvanceAsync(Days);
        }
        finally
        {
            // Also if the proxy is killed: another one does the rest.
            after.CopyTo(scene.Buckets, 0);
        }

        await LookAsync(scene);
    }

    /// <summary>Whatever was interrupted, the rules have done their work by the end.</summary>
    public async Task LookAsync(VersionScene scene)
    {
        for (var i = 0; i < scene.Buckets.Length; i++)
        {
            if (scene.Buckets[i] is { Lifecycle.Rules.IsEmpty: false } bucket)
            {
                await VersionAftermath.LookAsync(scene, i, MayRepeat ? [bucket, ModelLifecycle.Apply(bucket, scene.Now)] : [bucket]);
            }
        }
    }

    private VersionedBucket After(VersionedBucket before, DateTimeOffset now)
    {
        var bucket = before;
        for (var hour = 1; hour <= 24 * Days; hour++)
        {
            var at = now.AddHours(hour);
            if (!bucket.Lifecycle.Rules.IsEmpty && (bucket.Lifecycle.IsDue || bucket.Lifecycle.Day != at.UtcDateTime.Date))
            {
                bucket = ModelLifecycle.Apply(bucket, at);
            }
        }

        // A delete that was interrupted and done again may have left a tombstone that names no marker.
        foreach (var (key, state) in bucket.Keys.Where(pair => MayRepeat && pair.Value != before.Of(pair.Key)))
        {
            bucket = bucket.With(key, state with { Tombstone = state.Tombstone is { } left ? left with { IsDoubtful = true } : null });
        }

        return bucket;
    }
}
