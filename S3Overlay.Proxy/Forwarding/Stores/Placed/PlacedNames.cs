using System.Globalization;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>The names in the cache bucket of the listing rows of copies that are kept under their own keys.</summary>
/// <remarks>
/// <code>
///   o/bucket/key/etag.size.date.md5           a copy that is about to be put: a look at it tells whether it was
///   o/bucket/key/etag.size.date.md5.placed    one that was put, by the store's date of it, in Unix seconds
/// </code>
/// </remarks>
internal static class PlacedNames
{
    /// <summary>As in the names of other rows.</summary>
    private const int LongestSuffix = 120;

    /// <summary>Under which the rows of a key stand.</summary>
    public static string RowsOf(ObjectName name) => CacheNames.PlacedRow(name.Bucket, name.Key) + "/";

    /// <summary>The row of a copy.</summary>
    public static string Row(EntryRecord record, string md5, DateTimeOffset? placed) =>
        RowsOf(record.Name) + Suffix(record.Row, md5, placed);

    /// <summary>Whether a copy can have a row.</summary>
    public static bool HasRow(EntryRecord record, string md5) => Suffix(record.Row, md5, DateTimeOffset.MaxValue).Length <= LongestSuffix;

    /// <summary>The unfinished row of the version that a row is of; null where it is none of ours.</summary>
    public static string? Unfinished(string row)
    {
        var suffix = EntryNames.SuffixOf(row);
        return ParseSuffix("", suffix) is not { } parsed ? null : parsed.Placed is null ? row : row[..row.LastIndexOf('.')];
    }

    /// <summary>What the last part of a row's name says of a key; null where it is none of ours.</summary>
    public static PlacedRow? ParseSuffix(string key, string suffix)
    {
        var parts = suffix.Split('.');
        if (parts.Length is not (4 or 5) || parts[3].Length != 32 || EntryNames
            .ParseSuffix(key, $"{parts[0]}.{parts[1]}.{parts[2]}") is not { } row)
        {
            return null;
        }

        DateTimeOffset? placed = null;
        if (parts.Length == 5)
        {
            if (!long.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            {
                return null;
            }

            placed = DateTimeOffset.FromUnixTimeSeconds(seconds);
        }

        return new PlacedRow(row.Key, row.Size, row.ETag, row.LastModified, parts[3], placed);
    }

    private static string Suffix(CacheRow row, string md5, DateTimeOffset? placed) =>
        string.Create(
            CultureInfo.InvariantCulture, $"{EntryNames.RowSuffix(row)}.{md5}{(placed is { } date ? "." + date.ToUnixTimeSeconds() : "")}");
}
