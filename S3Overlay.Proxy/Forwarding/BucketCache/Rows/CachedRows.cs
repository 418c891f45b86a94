using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Rows;

/// <summary>Rows of held copies from several places, brought together.</summary>
internal static class CachedRows
{
    /// <summary>Rows of two places, each in its keys' order, in the order of all.</summary>
    public static async IAsyncEnumerable<CacheRow> MergeAsync(
        IAsyncEnumerable<CacheRow> one, IAsyncEnumerable<CacheRow> other, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var ones = one.GetAsyncEnumerator(cancellationToken);
        await using var others = other.GetAsyncEnumerator(cancellationToken);
        var (hasOne, hasOther) = (await ones.MoveNextAsync(), await others.MoveNextAsync());
        while (hasOne || hasOther)
        {
            if (hasOne && (!hasOther || Utf8Order.Compare(ones.Current.Key, others.Current.Key) <= 0))
            {
                yield return ones.Current;
                hasOne = await ones.MoveNextAsync();
            }
            else
            {
                yield return others.Current;
                hasOther = await others.MoveNextAsync();
            }
        }
    }

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
