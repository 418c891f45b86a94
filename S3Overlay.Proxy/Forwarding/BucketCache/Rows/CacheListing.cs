using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Rows;

/// <summary>
/// Reads the rows of held copies out of the names of their objects: a call a thousand, and one for each key too long to stand in a name.
/// </summary>
/// <param name="cache">The cache bucket.</param>
internal sealed class CacheListing(CacheBucketObjects cache)
{
    /// <summary>See <see cref="ICacheStore.ListAsync"/>.</summary>
    public async IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = CacheNames.Rows(bucket);

        // Cut names that begin alike are in no order: they are put into that of their keys before any is shown.
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
