using System.Buffers.Text;
using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>The names in the cache bucket under which copies, their chunks and their listing rows stand.</summary>
/// <remarks>
/// <code>
///   c/bucket/key                      a copy, or its manifest
///   k/bucket/key/fill/number          a chunk
///   u/bucket/key                      when a copy was last used: the object's date
///   r/bucket/key/etag.size.date       a row: ETag in base64url, date in Unix seconds
/// </code>
/// Bucket and key are written as <see cref="CacheNames"/> has it.
/// </remarks>
internal static class EntryNames
{
    /// <summary>What the names of all chunks begin with.</summary>
    public const string Chunks = "k/";

    /// <summary>What the names of all copies begin with.</summary>
    public const string Copies = "c/";

    /// <summary>What the names of all rows begin with.</summary>
    public const string Rows = "r/";

    /// <summary>What the names of all marks of use begin with.</summary>
    public const string Uses = "u/";

    /// <summary>A name has 1024 bytes, and a cut key's leaves 125 of them.</summary>
    private const int LongestSuffix = 120;

    private const int FillLength = 32;

    /// <summary>The object that is a key's copy, or its manifest.</summary>
    public static string Copy(ObjectName name) => CacheNames.Copy(name.Bucket, name.Key);

    /// <summary>When a key's copy was last used.</summary>
    public static string Use(ObjectName name) => string.Concat(Uses, Copy(name).AsSpan(Copies.Length));

    /// <summary>The key of a copy, by its name without the kind; null where only its content tells.</summary>
    public static ObjectName? NameOf(string tail) =>
        tail.IndexOf('/') is var slash and > 0 && !CacheNames.IsHashed(tail) && CacheNames.TryDecode(tail.AsSpan(slash + 1), out var key)
            ? new ObjectName(tail[..slash], key) : null;

    /// <summary>Under which a fill's chunks stand.</summary>
    public static string ChunksOf(ObjectName name, Guid fill) => $"{CacheNames.Chunks(name.Bucket, name.Key)}{fill:n}/";

    /// <summary>A chunk.</summary>
    public static string Chunk(ObjectName name, Guid fill, int chunk) =>
        string.Create(CultureInfo.InvariantCulture, $"{ChunksOf(name, fill)}{chunk:d8}");

    /// <summary>The copy, the fill and the number in a chunk's name; null where it is none of ours.</summary>
    public static (string Copy, Guid Fill, int Chunk)? ParseChunk(string name)
    {
        var number = name.LastIndexOf('/') + 1;
        var fill = number - FillLength - 1;
        return fill > Chunks.Length
            && Guid.TryParseExact(name.AsSpan(fill, FillLength), "n", out var id)
            && int.TryParse(name.AsSpan(number), NumberStyles.None, CultureInfo.InvariantCulture, out var chunk)
            ? (string.Concat(Copies, name.AsSpan(Chunks.Length, fill - Chunks.Length - 1)), id, chunk)
            : null;
    }

    /// <summary>Under which the rows of a key stand.</summary>
    public static string RowsOf(ObjectName name) => CacheNames.Row(name.Bucket, name.Key) + "/";

    /// <summary>The name of the copy that a row is of; null where it is none of ours.</summary>
    public static string? CopyOfRow(string row) => row.LastIndexOf('/') is var slash && slash > Rows.Length
        ? string.Concat(Copies, row.AsSpan(Rows.Length, slash - Rows.Length)) : null;

    /// <summary>Under which the rows of a copy stand.</summary>
    public static string RowsOfCopy(string copy) => string.Concat(Rows, copy.AsSpan(Copies.Length), "/");

    /// <summary>The row of a copy.</summary>
    public static string Row(EntryRecord record) => RowsOf(record.Name) + RowSuffix(record.Row);

    /// <summary>The name to start after for the rows of keys behind a key.</summary>
    /// <param name="rows">What the names of the bucket's rows begin with.</param>
    /// <param name="key">The key.</param>
    public static string AfterRowsOf(string rows, string key) => key.Length == 0 ? "" : $"{rows}{CacheNames.StartAfter(key)}/~";

    /// <summary>The last part of a row's name.</summary>
    public static string RowSuffix(CacheRow row) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(row.ETag))}.{row.Size}.{row.LastModified.ToUnixTimeSeconds()}");

    /// <summary>Whether a copy can have a row; none of a server that makes ETags of its own may be too long.</summary>
    public static bool HasRow(CacheRow row) => RowSuffix(row).Length <= LongestSuffix;

    /// <summary>What the last part of a row's name says of a key; null where it is none of ours.</summary>
    public static CacheRow? ParseSuffix(string key, ReadOnlySpan<char> suffix)
    {
        var first = suffix.IndexOf('.');
        var second = suffix.LastIndexOf('.');
        try
        {
            return first > 0 && second > first
                && long.TryParse(suffix[(first + 1)..second], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                && long.TryParse(suffix[(second + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var date)
                ? new CacheRow(key, size, Encoding.UTF8.GetString(Base64Url.DecodeFromChars(suffix[..first])),
                    DateTimeOffset.FromUnixTimeSeconds(date))
                : null;
        }
        catch (Exception failure) when (failure is FormatException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>The last part of a row's name.</summary>
    public static string SuffixOf(string row) => row[(row.LastIndexOf('/') + 1)..];
}
