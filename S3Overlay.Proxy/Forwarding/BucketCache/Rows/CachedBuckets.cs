using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.Stores;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Rows;

/// <summary>Finds the buckets with cache entries, from their rows' folders and from memory.</summary>
internal sealed class CachedBuckets(CacheBucketObjects objects, LiveEntries live)
{
    /// <summary>See <see cref="Overlay.Layers.ICacheStore.ListBucketsAsync"/>.</summary>
    public async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(live.Buckets(), StringComparer.Ordinal);
        foreach (var bucket in seen.ToList())
        {
            yield return bucket;
        }

        await foreach (var folder in objects.ListFoldersAsync(EntryNames.Rows, cancellationToken))
        {
            var name = folder[EntryNames.Rows.Length..^1];
            if ((CacheNames.IsHashed(name) ? await BucketOfAsync(folder, cancellationToken) : name) is { } bucket && seen.Add(bucket))
            {
                yield return bucket;
            }
        }
    }

    /// <summary>The bucket whose name is a hash, from one of its entries; null if it has none.</summary>
    private async Task<string?> BucketOfAsync(string folder, CancellationToken cancellationToken)
    {
        await foreach (var row in objects.ListAsync(folder, "", cancellationToken))
        {
            // One may be damaged.
            if (EntryNames.EntryOfRow(row.Name) is { } entry && await EntryHeaders
                .RecordOfAsync(objects, entry, cancellationToken) is { } record)
            {
                return record.Name.Bucket;
            }
        }

        return null;
    }
}
