using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model;

/// <summary>Finds out what became of a request without a response: it took effect, or it did not. Updates the model accordingly.</summary>
internal static class Aftermath
{
    /// <param name="isKnown">Whether all that happened is known: then nothing else may be seen.</param>
    public static async Task LookAsync(ModelScene scene, ModelBucket bucket, IReadOnlyList<ModelDoubt> doubts, bool isKnown)
    {
        var open = isKnown ? [] : doubts;
        var page = await scene.CallAsync("GET", "tombstones", ("bucket", bucket.Name), ("prefix", ""));
        Expect.That(page.TryGetProperty("tombstones", out var rows), $"Tombstones: {page}");
        var head = await scene.SendAsync("HEAD", bucket, null);
        Expect.Status(head, 200, 404);
        LookAtBucket(bucket, open, isOpaque: page.GetProperty("bucketDeleted").GetBoolean(), exists: head.Status == 200);
        var tombstones = rows.EnumerateArray().Select(row => row.GetProperty("key").GetString()!).ToHashSet();
        var unknown = tombstones.Except(bucket.Tombstones)
            .Where(key => !open.Any(doubt => doubt.Key == key && doubt.Effect == ModelEffect.Deleted)).ToList();
        Expect.That(unknown.Count == 0, $"Deleted without a request: {string.Join("; ", unknown)}.");
        var lost = bucket.Tombstones.Except(tombstones)
            .Where(key => !open.Any(doubt => doubt.Key == key
                && (doubt.Effect is ModelEffect.Undeleted or ModelEffect.Reverted || scene.Upstream.Explains(doubt))))
            .ToList();
        Expect.That(lost.Count == 0, $"These deletes are lost: {string.Join("; ", lost)}.");
        bucket.Tombstones.Clear();
        bucket.Tombstones.UnionWith(tombstones);
        if (bucket.Exists)
        {
            foreach (var key in doubts.Select(doubt => doubt.Key).Where(key => key.Length > 0).Distinct())
            {
                await LookAsync(scene, bucket, key, [.. open.Where(doubt => doubt.Key == key)]);
            }
        }
    }

    private static void LookAtBucket(ModelBucket bucket, IReadOnlyList<ModelDoubt> open, bool isOpaque, bool exists)
    {
        bool May(ModelEffect effect) => open.Any(doubt => doubt.Effect == effect);
        Expect.That(
            isOpaque == bucket.IsOpaque || May(isOpaque ? ModelEffect.BucketDeleted : ModelEffect.BucketShown),
            $"The bucket is {(isOpaque ? "" : "not ")}deleted.");
        var wasThere = bucket.IsOpaque && bucket.HasLocal;
        if (isOpaque && !bucket.IsOpaque)
        {
            Expect.That(!exists, "A bucket was made without a request.");
            bucket.DeleteAll();
            return;
        }

        if (!isOpaque)
        {
            Expect.That(exists, "The bucket is not there.");
            bucket.Show();
            bucket.HasLocal &= !May(ModelEffect.BucketDeleted);
            return;
        }

        Expect.That(exists == wasThere || May(exists ? ModelEffect.BucketMade : ModelEffect.BucketDeleted),
            $"The bucket is {(exists ? "" : "not ")}there.");
        if (!exists)
        {
            bucket.DeleteAll();
        }

        bucket.HasLocal = exists;
    }

    /// <summary>
    /// A listing agrees with a read of the key, except for the remote's keys: it shows what the remote has, not what is cached.
    /// </summary>
    private static async Task LookAsync(ModelScene scene, ModelBucket bucket, string key, IReadOnlyList<ModelDoubt> open)
    {
        var before = bucket.Written.GetValueOrDefault(key);
        var isDeleted = bucket.IsOpaque || bucket.Tombstones.Contains(key);
        var listed = await ListedAsync(scene, bucket, key);
        var read = await scene.SendAsync("GET", bucket, key);
        Expect.Status(read, 200, 404);
        var etag = read.Headers.GetValueOrDefault("ETag", "");
        if (read.Headers.GetValueOrDefault("x-s3overlay-layer") == "local" && read.Status == 200)
        {
            var written = open.Where(doubt => doubt.Effect == ModelEffect.Written).Select(doubt => doubt.Version).Append(before)
                .FirstOrDefault(version => version?.ETag == etag
                    && version.Tags.Length > 0 == read.Headers.ContainsKey("x-amz-tagging-count"))
                ?? throw new Mismatch(
                    $"{key} has the ETag {etag}, and what was written is {before}, "
                    + $"or {string.Join(" or ", open.Select(doubt => doubt.Version))}.");
            Expect.Same(etag, listed, "The ETag in a listing");
            Expect.That(read.Body.AsSpan().SequenceEqual(written.Bytes), $"The body is not that of {written}.");
            bucket.Written[key] = written;
            return;
        }

        Expect.That(
            before is null || (isDeleted && open.Any(doubt => doubt.Effect == ModelEffect.Deleted))
                || open.Any(doubt => doubt.Effect == ModelEffect.Reverted || scene.Upstream.Explains(doubt)),
            $"{key}, which was written, is lost.");
        bucket.Written.Remove(key);
        bucket.MayHaveKept(key);
        var shown = scene.View.MayShow(bucket, key);
        var listable = scene.View.MayList(bucket).Where(row => row.Key == key).SelectMany(row => row.Versions).DefaultIfEmpty().ToList();
        Expect.That(listable.Any(version => version?.ETag == listed),
            $"A listing shows {key} with the ETag {listed ?? "of nothing"}, and what it may show is {string.Join(" or ", listable)}.");
        var found = shown.FirstOrDefault(version => read.Status == 200 ? version?.ETag == etag : version is null);
        Expect.That(found is not null || (read.Status == 404 && shown.Contains(null)),
            $"{read.Status} with the ETag {etag}, and what may show of {key} is {string.Join(" or ", shown)}.");
        if (bucket.IsDecidedHere(key))
        {
            return;
        }

        bucket.EntriesOf(key).IsAtMost(found, scene.Now);
        bucket.EntriesOf(key).Doubt();
    }

    private static async Task<string?> ListedAsync(ModelScene scene, ModelBucket bucket, string key)
    {
        var response = await scene
            .SendAsync("GET", bucket, null, $"list-type=2&encoding-type=url&max-keys=1&prefix={UriEncoding.EncodeComponent(key)}");
        Expect.Status(response, 200);
        var first = XElement.Parse(response.Text).Elements().FirstOrDefault(element => element.Name.LocalName == "Contents");
        string? Of(string name) => first?.Elements().First(child => child.Name.LocalName == name).Value;
        return Of("Key") is { } name && Uri.UnescapeDataString(name.Replace('+', ' ')) == key ? Of("ETag") : null;
    }
}
