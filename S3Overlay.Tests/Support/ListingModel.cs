using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>
/// The definition of a listing in its plainest form: the keys after the position, rolled up. All other listings are checked against it.
/// </summary>
public static class ListingModel
{
    public static List<ListingRow> Rows<T>(IEnumerable<KeyValuePair<string, T>> sorted, ListingQuery query, Func<T, ObjectInfo> infoOf,
        int most = int.MaxValue)
    {
        var rows = new List<ListingRow>();
        foreach (var (key, value) in sorted)
        {
            if (!key.StartsWith(query.Prefix, StringComparison.Ordinal) || !query.After.IsBefore(key))
            {
                continue;
            }

            if (rows.Count == most)
            {
                break;
            }

            if (query.CommonPrefixOf(key) is { } prefix)
            {
                if (rows.Count == 0 || rows[^1].Name != prefix)
                {
                    rows.Add(new ListingRow(prefix, null));
                }
            }
            else
            {
                var info = infoOf(value);
                rows.Add(new ListingRow(key, new ListedObject(info.Size, info.ETag, info.LastModified)));
            }
        }

        return rows;
    }
}
