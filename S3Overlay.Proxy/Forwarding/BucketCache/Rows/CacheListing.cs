using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Rows;

/// <summary>
/// Reads rows of cache entries from object names: one call per thousand, and one for each key that does not fit in a name.
/// </summary>
internal sealed class CacheListing(CacheBucketObjects cache)
{
    /// <summary>See <see cref="ICacheStore.ListAsync"/>.</summary>
    public async IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = CacheNames.Rows(bucket);

        // Cut names with the same beginning are unordered: sort them by their keys first.
        var cut = new List<CacheRow>();
        var startOfCut = "";
        await foreach (
            var listed in cache.ListAsync(start + CacheNames.OfPrefix(prefix), EntryNames.AfterRowsOf(start, after), cancellationToken))
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

            var key = isCut ? await RowBodies.KeyInAsync(cache, listed.Name, cancellationToken)
                : CacheNames.TryDecode(name, out var decoded) ? decoded : null;
            if (key is null
                || !key.StartsWith(prefix, StringComparison.Ordinal)
                || Utf8Order.Compare(key, after) <= 0
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
}
