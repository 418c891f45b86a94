using System.Text.Json;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>An administrator asks what clients see of a key.</summary>
internal sealed record Explain(int Bucket, string Key) : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        if (scene.Trouble.IsDown)
        {
            return;
        }

        var bucket = scene.Buckets[Bucket];
        var told = await scene.CallAsync("GET", "explain", ("bucket", bucket.Name), ("key", Key));
        Expect.That(told.TryGetProperty("visible", out var visible) && visible.ValueKind != JsonValueKind.Null, $"Explain: {told}");
        Expect.That(scene.View.MayShow(bucket, Key).Any(version => version is not null == visible.GetBoolean()),
            $"It does not know what clients see: {told}");
        var reason = told.GetProperty("reason").GetString();
        Expect.Same(bucket.Written.ContainsKey(Key), reason == "written", "Whether it was written");
        Expect.Same(bucket.IsOpaque && !bucket.Written.ContainsKey(Key), reason == "bucket-deleted", "Whether its bucket was deleted");
        Expect.Same(!bucket.IsOpaque && bucket.Tombstones.Contains(Key), told.GetProperty("tombstone").ValueKind == JsonValueKind.Object,
            "Whether it has a tombstone");
    }
}
