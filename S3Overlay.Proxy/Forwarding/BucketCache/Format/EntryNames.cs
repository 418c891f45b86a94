using System.Buffers.Text;
using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>Names of entries, their chunks and listing rows in the cache bucket.</summary>
/// <remarks>
/// <code>
///   c/bucket/key                      an entry, or its manifest
///   k/bucket/key/fill/number          a chunk
///   u/bucket/key                      when an entry was last used: the object's date
///   r/bucket/key/etag.size.date       a row: ETag in base64url, date in Unix seconds
/// </code>
/// Bucket and key are written as <see cref="CacheNames"/> has it.
/// </remarks>
internal static class EntryNames
{
    /// <summary>The prefix of all chunks.</summary>
    public const string Chunks = "k/";

    /// <summary>The prefix of all entries.</summary>
    public const string Entries = "c/";

    /// <summary>The prefix of all rows.</summary>
    public const string Rows = "r/";

    /// <summary>The prefix of all marks of use.</summary>
    public const string Uses = "u/";

    /// <summary>A name has 1024 bytes; a cut key leaves 125.</summary>
    private const int LongestSuffix = 120;

    private const int FillLength = 32;

    /// <summary>The object of a key's entry or manifest.</summary>
    public static string Entry(ObjectName name) => CacheNames.Entry(name.Bucket, name.Key);

    /// <summary>The mark of a key's last use.</summary>
    public static string Use(ObjectName name) => string.Concat(Uses, Entry(name).AsSpan(Entries.Length));

    /// <summary>The key of an entry's name without the kind; null if only its content has it.</summary>
    public static ObjectName? NameOf(string tail) =>
        tail.IndexOf('/') is var slash and > 0 && !CacheNames.IsHashed(tail) && CacheNames.TryDecode(tail.AsSpan(slash + 1), out var key)
            ? new ObjectName(tail[..slash], key) : null;

    /// <summary>The prefix of a fill's chunks.</summary>
    public static string ChunksOf(ObjectName name, Guid fill) => $"{CacheNames.Chunks(name.Bucket, name.Key)}{fill:n}/";

    public static string Chunk(ObjectName name, Guid fill, int chunk) =>
        string.Create(CultureInfo.InvariantCulture, $"{ChunksOf(name, fill)}{chunk:d8}");

    /// <summary>The entry, fill and number in a chunk's name; null if it is not ours.</summary>
    public static (string Entry, Guid Fill, int Chunk)? ParseChunk(string name)
    {
        var number = name.LastIndexOf('/') + 1;
        var fill = number - FillLength - 1;
        return fill > Chunks.Length && Guid.TryParseExact(name.AsSpan(fill, FillLength), "n", out var id)
            && int.TryParse(name.AsSpan(number), NumberStyles.None, CultureInfo.InvariantCulture, out var chunk)
            ? (string.Concat(Entries, name.AsSpan(Chunks.Length, fill - Chunks.Length - 1)), id, chunk) : null;
    }

    /// <summary>The prefix of a key's rows.</summary>
    public static string RowsOf(ObjectName name) => CacheNames.Row(name.Bucket, name.Key) + "/";

    /// <summary>The entry of a row; null if it is not ours.</summary>
    public static string? EntryOfRow(string row) => row.LastIndexOf('/') is var slash && slash > Rows.Length
        ? string.Concat(Entries, row.AsSpan(Rows.Length, slash - Rows.Length)) : null;

    /// <summary>The prefix of an entry's rows.</summary>
    public static string RowsOfEntry(string entry) => string.Concat(Rows, entry.AsSpan(Entries.Length), "/");

    public static string Row(EntryRecord record) => RowsOf(record.Name) + RowSuffix(record.Row);

    /// <summary>The name to start after for rows of later keys.</summary>
    /// <param name="rows">The prefix of the bucket's rows.</param>
    public static string AfterRowsOf(string rows, string key) => key.Length == 0 ? "" : $"{rows}{CacheNames.StartAfter(key)}/~";

    /// <summary>The last part of a row's name.</summary>
    public static string RowSuffix(CacheRow row) => string.Create(CultureInfo.InvariantCulture,
        $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(row.ETag))}.{row.Size}.{row.LastModified.ToUnixTimeSeconds()}");

    /// <summary>True if the entry can have a row. Only a server with unusually long ETags can exceed this.</summary>
    public static bool HasRow(CacheRow row) => RowSuffix(row).Length <= LongestSuffix;

    /// <summary>Parses the last part of a row's name; null if it is not ours.</summary>
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
