namespace S3Overlay.Tests.Model.Operations;

/// <summary>An administrator lists what was deleted.</summary>
internal sealed record ListTombstones(int Bucket, string Prefix) : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var page = await scene.CallAsync("GET", "tombstones", ("bucket", bucket.Name), ("prefix", Prefix));
        Expect.That(page.TryGetProperty("tombstones", out var rows), $"Tombstones: {page}");
        Expect.Same(bucket.IsOpaque, page.GetProperty("bucketDeleted").GetBoolean(), "Whether the bucket is deleted");
        var expected = bucket.Tombstones.Where(key => !bucket.IsOpaque && key.StartsWith(Prefix, StringComparison.Ordinal));
        Expect.Same(string.Join("; ", expected), string.Join("; ", rows.EnumerateArray().Select(row => row.GetProperty("key").GetString())),
            "The list of tombstones");
    }
}
