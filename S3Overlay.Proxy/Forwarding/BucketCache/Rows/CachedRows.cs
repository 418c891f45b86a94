using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Rows;

/// <summary>Rows of held copies from several places, brought together.</summary>
internal static class CachedRows
{
    /// <summary>Rows in their keys' order, and among them others that are known besides, where they say something else.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="known">Tells the others, when the first row is asked for.</param>
    /// <param name="cancellationToken">Ends the search.</param>
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
