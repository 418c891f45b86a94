using System.Xml.Linq;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>Compares all that a bucket has with what it may have, and continues with what it has.</summary>
internal static class VersionAftermath
{
    /// <param name="may">The states that it may have, key by key. All are known to the id, except new ones.</param>
    public static async Task LookAsync(VersionScene scene, int index, params IReadOnlyList<VersionedBucket> may)
    {
        var name = scene.Buckets[index].Name;
        var deleted = may[0].IsOverlaid ? await TombstonesAsync(scene, name) : [];
        var listed = (await VersionListing.ReadAsync(scene, name, "", "", 1000)).GroupBy(row => row.Key)
            .ToDictionary(rows => rows.Key, rows => rows.ToList());
        var facts = await BucketFacts.ReadAsync(scene, name);
        var after = may.FirstOrDefault(state => BucketFacts.Of(state).SequenceEqual(facts))
            ?? throw new Mismatch($"The bucket {name} has {string.Join("; ", facts)}, where right is "
                + $"{string.Join(" or ", may.Select(state => string.Join("; ", BucketFacts.Of(state))).Distinct())}.");
        foreach (var key in may.SelectMany(state => state.ShownKeys().Concat(state.Keys.Keys)).Concat(listed.Keys).Concat(deleted)
            .Distinct().ToList())
        {
            after = after.With(key, await LookAsync(scene, may, key, listed.GetValueOrDefault(key, []), deleted.Contains(key)));
        }

        var uploads = await UploadsAsync(scene, name, may);
        var now = scene.Buckets[index];
        scene.Buckets[index] = after with
        {
            Remote = now.Remote, Uploads = uploads,
            Lifecycle = after.Lifecycle with { IsDue = after.Lifecycle.IsDue || now.Lifecycle.IsDue },
        };
    }

    private static async Task<VersionedKey> LookAsync(
        VersionScene scene, IReadOnlyList<VersionedBucket> may, string key, List<ListedVersion> rows, bool isDeleted)
    {
        var problems = new List<string>();
        var details = new Dictionary<string, VersionDetails>();
        var isRemotes = may[0].IsOverlaid && rows is [{ Id: ModelVersion.Null, IsMarker: false }]
            && await VersionDetails.IsOfRemoteAsync(scene, may[0].Name, key);
        foreach (var bucket in may)
        {
            if (bucket.Of(key).Tombstone is not null != isDeleted)
            {
                problems.Add($"{bucket.Of(key)}: has {(isDeleted ? "a" : "no")} tombstone");
                continue;
            }

            var shown = bucket.Shown(key);
            if (shown.Count != rows.Count || bucket.RemoteOwned(key) is not null != isRemotes)
            {
                problems.Add($"{bucket.Of(key)}: {rows.Count} versions{(isRemotes ? " at the remote" : "")}");
                continue;
            }

            var state = bucket.Of(key);
            var problem = (string?)null;
            foreach (var (version, row) in shown.Zip(rows))
            {
                problem ??= row.Difference(version, isLatest: version == shown[0]);
                if (problem is null && bucket.RemoteOwned(key) is null)
                {
                    var known = version with { Id = row.Id, Written = row.Modified };
                    if (!version.IsMarker)
                    {
                        details[row.Id] = details.GetValueOrDefault(row.Id)
                            ?? await VersionDetails.ReadAsync(scene, bucket.Name, key, row.Id);
                        problem = details[row.Id].Difference(version, bucket.Access.HasAcls);
                        known = known with { Lock = details[row.Id].Lock };
                    }

                    state = (version.Id == ModelVersion.Unknown ? state.Named(row.Id) : state) is var named
                        ? named.Replace(named.Find(row.Id)!, known) : state;
                }
            }

            if (problem is null)
            {
                return state;
            }

            problems.Add($"{bucket.Of(key)}: {problem}");
        }

        throw new Mismatch($"{may[0].Name}/{key} is {string.Join(", ", rows)}{(isDeleted ? " and a tombstone" : "")}. It is not right as\n"
            + string.Join("\n", problems.Distinct()));
    }

    private static async Task<HashSet<string>> TombstonesAsync(VersionScene scene, string bucket)
    {
        var page = await scene.AdministerAsync("GET", "tombstones", $"bucket={bucket}&prefix=");
        return page.TryGetProperty("tombstones", out var rows)
            ? [.. rows.EnumerateArray().Select(row => row.GetProperty("key").GetString()!)] : throw new Mismatch($"Tombstones: {page}");
    }

    /// <summary>An upload whose id is in no response is aborted.</summary>
    private static async Task<System.Collections.Immutable.ImmutableSortedDictionary<string, OpenUpload>> UploadsAsync(
        VersionScene scene, string bucket, IReadOnlyList<VersionedBucket> may)
    {
        var response = await scene.SendAsync(ModelCaller.Owner, "GET", bucket, null, "uploads");
        Expect.Status(response, 200);
        var open = XElement.Parse(response.Text).Elements().Where(static row => row.Name.LocalName == "Upload")
            .Select(static row => (Key: VersionListing.Text(row, "Key")!, Id: VersionListing.Text(row, "UploadId")!)).ToList();
        var told = may.SelectMany(state => state.Uploads.Values.Where(upload => state.Uploads.ContainsKey(ModelVersion.Unknown))).ToList();
        foreach (var (key, id) in open.Where(row => !may.Any(state => state.Uploads.ContainsKey(row.Id))).ToList())
        {
            Expect.That(told.Exists(upload => upload.Key == key), $"The upload {id} of {key} is open without a request.");
            Expect.Status(await scene.SendAsync(ModelCaller.Owner, "DELETE", bucket, key, $"uploadId={id}"), 204);
            open.Remove((key, id));
        }

        return may.Select(static state => state.Uploads.Remove(ModelVersion.Unknown))
                .FirstOrDefault(uploads => uploads.Keys.ToHashSet().SetEquals(open.Select(static row => row.Id)))
            ?? throw new Mismatch($"Open uploads are {string.Join(", ", open)}, where right is "
                + string.Join(" or ", may.Select(static state => string.Join(", ", state.Uploads.Keys)).Distinct()));
    }
}
