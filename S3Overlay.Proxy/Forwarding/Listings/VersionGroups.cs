using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>
/// Versions and delete markers of a listing that has each of them in a group of its own, one behind the other, as Versity does (its result
/// is two lists): put together as S3 lists them, by key, and the newest of a key first.
/// </summary>
internal static class VersionGroups
{
    /// <summary>How long a ULID is: an id that sorts by time.</summary>
    private const int UlidLength = 26;

    /// <summary>
    /// The rows in S3's order where they are two groups; else as they came, and of the order that they came in whoever merges them is to
    /// judge.
    /// </summary>
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
    /// Whether a row of the second group stands before one of the first. Dates are compared in whole seconds, since Versity gives those of
    /// versions so and those of markers finer; its ids tell more. What neither tells stays as it came.
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
