using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>
/// Merges a listing that has all versions first and all delete markers after them, as Versity's result does, into S3's order: by key,
/// newest first.
/// </summary>
internal static class VersionGroups
{
    /// <summary>The length of a ULID, an id that sorts by time.</summary>
    private const int UlidLength = 26;

    /// <summary>The rows in S3's order if they are two groups. Otherwise unchanged: their order is checked later.</summary>
    public static List<VersionRow> Merge(List<VersionRow> rows)
    {
        var second = rows.FindIndex(row => IsMarker(row) != IsMarker(rows[0]));
        if (second < 0 || rows.FindIndex(second, row => IsMarker(row) == IsMarker(rows[0])) >= 0)
        {
            return rows;
        }

        var merged = new List<VersionRow>(rows.Count);
        for (var (a, b) = (0, second); a < second || b < rows.Count;)
        {
            merged.Add(b == rows.Count || (a < second && !IsBefore(rows[b], rows[a])) ? rows[a++] : rows[b++]);
        }

        return merged;
    }

    /// <summary>
    /// True if a row of the second group goes before one of the first. Versity's dates of versions are whole seconds and those of markers
    /// finer, so dates are compared in whole seconds; its ids are more precise. Ties keep their order.
    /// </summary>
    private static bool IsBefore(VersionRow row, VersionRow other)
    {
        if (Utf8Order.Compare(row.Name, other.Name) is var keys and not 0)
        {
            return keys < 0;
        }

        if (row.IsLatest || other.IsLatest)
        {
            return row.IsLatest && !other.IsLatest;
        }

        return IsUlid(row.VersionId) && IsUlid(other.VersionId)
            ? string.CompareOrdinal(row.VersionId, other.VersionId) > 0
            : HttpDates.WholeSeconds(row.MarkedAt) > HttpDates.WholeSeconds(other.MarkedAt);
    }

    private static bool IsMarker(VersionRow row) => row.Object is null;

    private static bool IsUlid(string? id) => id is { Length: UlidLength }
        && id.All(static c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c));
}
