using System.Text;

using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Support;

/// <summary>The visible content of a built-in store.</summary>
internal static class StoreView
{
    /// <summary>All that clients and administrators can see.</summary>
    public static async Task<string> DescribeAsync(EmbeddedBench bench)
    {
        var text = new StringBuilder();
        foreach (var bucket in (string[])[EmbeddedBench.Bucket, "empty", "hidden", "bare", "other"])
        {
            var tombstones = await bench.Layer.ListDeletedAsync(bucket, "", "", default).ToListAsync();
            text.AppendLine($"{bucket}: {await bench.Layer.ResolveBucketAsync(bucket, default)}, deleted: {string.Join(", ", tombstones)}");
        }

        foreach (var key in await bench.ListAsync())
        {
            var tags = Encoding.UTF8.GetString((await bench.SendAsync(S3Operation.GetObjectTagging, key, null, "tagging")).Content.Span);
            text.AppendLine($"{key}: {EmbeddedBench.Md5(await bench.GetAsync(key))} {tags}");
        }

        await foreach (var change in new EmbeddedChanges(bench.Store).ListAsync(EmbeddedBench.Bucket, "", "", default))
        {
            text.AppendLine($"base of {change.Key}: {change.Base?.ToText()}");
        }

        var uploads = await bench.Store.Uploads.OfAsync(EmbeddedBench.Bucket);
        foreach (var upload in uploads.OrderBy(upload => upload.Key, StringComparer.Ordinal))
        {
            var parts = (await bench.Store.Uploads.PartsAsync(upload.UploadId)).Select(part => $"{part.Number} {part.Info.ETag}");
            text.AppendLine($"upload of {upload.Key}: {string.Join(", ", parts)}");
        }

        return text.ToString();
    }

    /// <summary>It shows this, and would if its index were lost.</summary>
    public static async Task StaysAsync(EmbeddedBench bench, string expected)
    {
        Assert.Equal(expected, await DescribeAsync(bench));
        await bench.Store.Tidying;
        await bench.RebuildAsync();
        Assert.Equal(expected, await DescribeAsync(bench));
    }
}
