using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.Stores;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Rows;

/// <summary>
/// Finds the buckets of which there are copies: by the folders that their rows are in, and by what this process has in memory.
/// </summary>
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

    /// <summary>The bucket whose name is a hash: a copy of it tells. Null where there is none after all.</summary>
    private async Task<string?> BucketOfAsync(string folder, CancellationToken cancellationToken)
    {
        await foreach (var row in objects.ListAsync(folder, "", cancellationToken))
        {
            // Where one is damaged, the next may be whole.
            if (EntryNames.CopyOfRow(row.Name) is { } copy && await EntryHeaders
                .RecordOfAsync(objects, copy, cancellationToken) is { } record)
            {
                return record.Name.Bucket;
            }
        }

        return null;
    }
}
