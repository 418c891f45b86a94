using System.Text;

using S3Overlay.Proxy.Forwarding.Stores;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>The bodies of listing rows.</summary>
/// <remarks>
/// <code>
///   nothing        the key is in the name
///   the key        it does not fit in the name
///   either, and a byte of 255, which is in no UTF-8     the row is marked as evicted: its entry may still arrive
/// </code>
/// So a listing, which has sizes, shows rows that are marked.
/// </remarks>
internal static class RowBodies
{
    private const byte Evicted = 255;

    public static byte[] Of(string key, bool isEvicted = false)
    {
        byte[] named = CacheNames.IsCut(CacheNames.OfKey(key)) ? Encoding.UTF8.GetBytes(key) : [];
        return isEvicted ? [.. named, Evicted] : named;
    }

    /// <summary>True if the row is marked as evicted, by its size.</summary>
    public static bool IsEvicted(string key, long size) => size > Of(key).Length;

    /// <summary>The key in a row's body; null if the row is gone.</summary>
    public static async Task<string?> KeyInAsync(CacheBucketObjects objects, string row, CancellationToken cancellationToken)
    {
        using var response = await objects.GetAsync(row, null, cancellationToken);
        if (response is null)
        {
            return null;
        }

        using var body = new MemoryStream();
        await (await response.BodyAsync(cancellationToken)).CopyToAsync(body, cancellationToken);
        var bytes = body.ToArray();
        return Encoding.UTF8.GetString(bytes is [.. var named, Evicted] ? named : bytes);
    }
}

/// <summary>A listing row of an entry.</summary>
/// <param name="Put">When it was written, by the store's clock.</param>
/// <param name="IsEvicted">True if its entry was evicted and the row only waits for a late upload.</param>
internal sealed record StoredRow(string Name, DateTimeOffset Put, bool IsEvicted = false);
