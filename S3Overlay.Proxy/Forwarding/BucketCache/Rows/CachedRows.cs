using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Rows;

/// <summary>Merges rows of cache entries.</summary>
internal static class CachedRows
{
    /// <summary>Rows in key order, merged with others that are known if they differ.</summary>
    /// <param name="known">Returns the others; called with the first row.</param>
    public static async IAsyncEnumerable<CacheRow> WithAsync(
        this IAsyncEnumerable<CacheRow> rows, Func<IEnumerable<CacheRow>> known,
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
}
