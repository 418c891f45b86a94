using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>
/// Lists what is cached: from object names, with one call per thousand and one for each key that does not fit in a name, and from memory.
/// </summary>
internal sealed class CacheListing(CacheBucketObjects objects, LiveEntries live)
{
    /// <summary>See <see cref="ICacheStore.ListAsync"/>.</summary>
    public IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        // Reads find what is in memory, whatever happened in the store: listings must compare it too.
        WithAsync(ListStoredAsync(bucket, prefix, after, cancellationToken), () => live.Rows(bucket, prefix, after), cancellationToken);

    private async IAsyncEnumerable<CacheRow> ListStoredAsync(string bucket, string prefix, string after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = CacheNames.Rows(bucket);

        // Cut names with the same beginning are unordered: sort them by their keys first.
        var cut = new List<CacheRow>();
        var startOfCut = "";
        await foreach (
            var listed in objects.ListAsync(start + CacheNames.OfPrefix(prefix), EntryNames.AfterRowsOf(start, after), cancellationToken))
        {
            var slash = listed.Name.LastIndexOf('/');
            var name = slash > start.Length ? listed.Name[start.Length..slash] : "";
            var isCut = CacheNames.IsCut(name);
            if (cut.Count > 0 && !(isCut && CacheNames.StartOfCut(name).SequenceEqual(startOfCut)))
            {
                foreach (var row in InOrder(cut))
                {
                    yield return row;
                }

                cut.Clear();
            }

            var key = isCut ? await RowBodies.KeyInAsync(objects, listed.Name, cancellationToken)
                : CacheNames.TryDecode(name, out var decoded) ? decoded : null;
            if (key is null || !key.StartsWith(prefix, StringComparison.Ordinal) || Utf8Order.Compare(key, after) <= 0
                || EntryNames.ParseSuffix(key, listed.Name.AsSpan(slash + 1)) is not { } found)
            {
                continue;
            }

            if (isCut)
            {
                startOfCut = CacheNames.StartOfCut(name).ToString();
                cut.Add(found);
            }
            else
            {
                yield return found;
            }
        }

        foreach (var row in InOrder(cut))
        {
            yield return row;
        }
    }

    private static IEnumerable<CacheRow> InOrder(List<CacheRow> rows) => rows.OrderBy(row => row.Key, Utf8Order.Instance);

    /// <summary>Rows in key order, merged with others that are known if they differ.</summary>
    /// <param name="known">Returns the others; called with the first row.</param>
    private static async IAsyncEnumerable<CacheRow> WithAsync(IAsyncEnumerable<CacheRow> rows, Func<IEnumerable<CacheRow>> known,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var left = new Queue<CacheRow>(known());
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            while (left.TryPeek(out var first) && Utf8Order.Compare(first.Key, row.Key) <= 0)
            {
                left.Dequeue();
                if (first != row)
                {
                    yield return first;
                }
            }

            yield return row;
        }

        foreach (var row in left)
        {
            yield return row;
        }
    }

    /// <summary>See <see cref="ICacheStore.ListBucketsAsync"/>.</summary>
    public async IAsyncEnumerable<string> ListBucketsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
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
