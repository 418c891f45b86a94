using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded.Listings;

/// <summary>The tombstones of a bucket, in the order of listings.</summary>
internal static class DeletedKeys
{
    /// <summary>What is made of those that start with <paramref name="prefix"/> and come after <paramref name="after"/>, as they stand now.</summary>
#pragma warning disable CS1998 // the index answers at once; the seam does not promise that every layer does
    public static async IAsyncEnumerable<T> ListAsync<T>(
        OrderedIndex index,
        ObjectTable objects,
        string bucket,
        string prefix,
        string after,
        Func<string, ulong, T> show,
        [EnumeratorCancellation] CancellationToken cancellationToken)
#pragma warning restore CS1998
    {
        var bucketLength = RowKeys.OfKey(RowKeys.Tombstone, bucket, "").Length;
        var rowPrefix = RowKeys.OfKey(RowKeys.Tombstone, bucket, prefix);
        var start = Utf8Order.Compare(after, prefix) >= 0 && after.Length > 0
            ? RowKeys.OfKey(RowKeys.Tombstone, bucket, after, [0])
            : rowPrefix;
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(start); found && cursor.Key.StartsWith(rowPrefix); found = cursor.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (objects.CountsIn(bucket, cursor.Value))
            {
                yield return show(RowKeys.KeyOf(cursor.Key, bucketLength), SequenceCounter.Read(cursor.Value));
            }
        }
    }
}
