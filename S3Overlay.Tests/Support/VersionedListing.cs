using System.Globalization;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Xml;

using static S3Overlay.Tests.Support.VersionedStore;

namespace S3Overlay.Tests.Support;

/// <summary>Listings of a <see cref="VersionedStore"/>, names always encoded.</summary>
internal static class VersionedListing
{
    /// <summary>ListObjectVersions; of each key the versions are given oldest first.</summary>
    public static byte[] Versions(SortedDictionary<string, IReadOnlyList<StoredVersion>> keys, S3Query query, bool inGroups,
        bool takesNextKeysVersion)
    {
        var (marker, version) = (query["key-marker"] ?? "", query["version-id-marker"] ?? "");
        if (takesNextKeysVersion && version.Length > 0 && !keys.ContainsKey(marker)
            && keys.FirstOrDefault(next => Utf8Order.Compare(next.Key, marker) > 0) is { Key: { } taken } next
                && next.Value.Any(each => each.Id == version))
        {
            marker = taken;
        }

        var rows = new List<(string Name, StoredVersion? Version, bool IsLatest)>();
        var hasBegun = version.Length == 0;
        foreach (var (key, versions) in keys.Where(each => Utf8Order.Compare(each.Key, marker) >= 0))
        {
            // Versity looks for the version in the first key it finds, S3 only in the named one.
            hasBegun = inGroups ? hasBegun : key != marker;
            foreach (var each in versions.Reverse())
            {
                var isLatest = each == versions[^1];
                hasBegun |= inGroups && isLatest && each.Id == version;
                if (hasBegun || (inGroups && !isLatest && each.Id == "null"))
                {
                    Add(rows, query, key, each, isLatest);
                }

                hasBegun |= each.Id == version && !(inGroups && each.Id == "null");
            }
        }

        var limit = int.Parse(query["max-keys"] ?? "1000", CultureInfo.InvariantCulture);
        var page = rows.Take(limit).ToList();
        var xml = new S3XmlWriter().Root("ListVersionsResult").Element("EncodingType", "url").Element("IsTruncated", rows.Count > limit);
        if (rows.Count > limit)
        {
            xml.Element("NextKeyMarker", UriEncoding.EncodeKey(page[^1].Name)).Element("NextVersionIdMarker", page[^1].Version?.Id ?? "");
        }

        foreach (var (name, each, isLatest) in inGroups ? page.OrderBy(static row => row.Version?.Bytes is not null) : page.AsEnumerable())
        {
            if (each is not null)
            {
                var kind = each.Bytes is null ? "DeleteMarker" : "Version";
                xml.Open(kind).Element("Key", UriEncoding.EncodeKey(name)).Element("VersionId", each.Id).Element("IsLatest", isLatest)
                    .Element("LastModified", each.Written);
                if (each.Bytes is not null)
                {
                    xml.Element("ETag", each.ETag!).Element("Size", each.Bytes.Length);
                }

                xml.Close(kind);
            }
        }

        return Close(xml, page.Where(static row => row.Version is null).Select(static row => row.Name), "ListVersionsResult");
    }

    /// <summary>ListObjectsV2, in one page.</summary>
    public static byte[] Objects(SortedDictionary<string, IReadOnlyList<StoredVersion>> keys, S3Query query)
    {
        var rows = new List<(string Name, StoredVersion? Version, bool IsLatest)>();
        foreach (var (key, versions) in keys)
        {
            if (versions[^1].Bytes is not null && Utf8Order.Compare(key, query["start-after"] ?? "") > 0)
            {
                Add(rows, query, key, versions[^1], true);
            }
        }

        var xml = new S3XmlWriter().Root("ListBucketResult").Element("EncodingType", "url").Element("IsTruncated", false);
        foreach (var (name, each, _) in rows)
        {
            if (each is not null)
            {
                xml.Open("Contents").Element("Key", UriEncoding.EncodeKey(name)).Element("LastModified", each.Written)
                    .Element("ETag", each.ETag!)
                    .Element("Size", each.Bytes!.Length).Close("Contents");
            }
        }

        return Close(xml, rows.Where(static row => row.Version is null).Select(static row => row.Name), "ListBucketResult");
    }

    private static void Add(List<(string Name, StoredVersion? Version, bool IsLatest)> rows, S3Query query, string key,
        StoredVersion version, bool isLatest)
    {
        if (!key.StartsWith(query["prefix"] ?? "", StringComparison.Ordinal))
        {
            return;
        }

        if (new ListingQuery(query["prefix"] ?? "", query["delimiter"] ?? "", ListingPosition.Start, 1)
            .CommonPrefixOf(key) is not { } prefix)
        {
            rows.Add((key, version, isLatest));
        }
        else if (rows.Count == 0 || rows[^1].Name != prefix)
        {
            rows.Add((prefix, null, false));
        }
    }

    private static byte[] Close(S3XmlWriter xml, IEnumerable<string> prefixes, string root)
    {
        foreach (var prefix in prefixes)
        {
            xml.Open("CommonPrefixes").Element("Prefix", UriEncoding.EncodeKey(prefix)).Close("CommonPrefixes");
        }

        return xml.Close(root).Content.ToArray();
    }
}
