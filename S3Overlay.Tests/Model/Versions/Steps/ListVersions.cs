namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>ListObjectVersions, to its end.</summary>
internal sealed record ListVersions(int Bucket, string Prefix, string Delimiter, int PageSize) : VersionStep
{
    public override async Task RunAsync(VersionScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var told = await VersionListing.ReadAsync(scene, bucket.Name, Prefix, Delimiter, PageSize);
        var right = new List<string>();
        foreach (var key in bucket.ShownKeys().Where(key => key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var end = Delimiter.Length == 0 ? -1 : key.IndexOf(Delimiter, Prefix.Length, StringComparison.Ordinal);
            if (end < 0)
            {
                right.AddRange(bucket.Shown(key).Select((version, i) => Row(key, version.Id, version.IsMarker, i == 0)));
            }
            else if (Row(key[..(end + Delimiter.Length)], ListedVersion.Prefix, false, false) is var row && right.LastOrDefault() != row)
            {
                right.Add(row);
            }
        }

        var rows = told.Select(static row => Row(row.Key, row.Id, row.IsMarker, row.IsLatest)).ToList();
        Expect.That(rows.SequenceEqual(right), $"The rows are {string.Join("; ", rows)}, and should be {string.Join("; ", right)}.");
    }

    private static string Row(string key, string id, bool isMarker, bool isLatest) =>
        $"{key} {id}{(isMarker ? " marker" : "")}{(isLatest ? " latest" : "")}";
}
