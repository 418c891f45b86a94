using System.Text;

using S3Overlay.Proxy.Forwarding.Stores;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Rows;

/// <summary>What stands in the objects that are listing rows.</summary>
/// <remarks>
/// <code>
///   nothing        the key stands in the name
///   the key        it is too long for that
///   either, and a byte of 255, which is in no UTF-8     a row whose copy was dropped, and may come yet
/// </code>
/// So a list, which tells sizes, tells a dropped row.
/// </remarks>
internal static class RowBodies
{
    private const byte Dropped = 255;

    /// <summary>The body of a key's row.</summary>
    public static byte[] Of(string key, bool isDropped = false)
    {
        byte[] named = CacheNames.IsCut(CacheNames.OfKey(key)) ? Encoding.UTF8.GetBytes(key) : [];
        return isDropped ? [.. named, Dropped] : named;
    }

    /// <summary>Whether a row of a key is a dropped one, by its size.</summary>
    public static bool IsDropped(string key, long size) => size > Of(key).Length;

    /// <summary>The key that a row's body names; null where the row is gone.</summary>
    public static async Task<string?> KeyInAsync(CacheBucketObjects objects, string row, CancellationToken cancellationToken)
    {
        using var answer = await objects.GetAsync(row, null, cancellationToken);
        if (answer is null)
        {
            return null;
        }

        using var body = new MemoryStream();
        await (await answer.BodyAsync(cancellationToken)).CopyToAsync(body, cancellationToken);
        var bytes = body.ToArray();
        return Encoding.UTF8.GetString(bytes is [.. var named, Dropped] ? named : bytes);
    }
}
