using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>Builds the queries of list requests.</summary>
internal static class ListingQueries
{
    /// <summary>ListObjectsV2, always with encoded names: XML cannot hold every key (rule L2).</summary>
    public static string V2(RemoteListing listing)
    {
        var query = new StringBuilder("list-type=2&encoding-type=url");
        query.Append(CultureInfo.InvariantCulture, $"&max-keys={listing.MaxKeys}");
        Add(query, "prefix", listing.Prefix);
        Add(query, "delimiter", listing.Delimiter);
        Add(query, "continuation-token", listing.ContinuationToken ?? "");
        Add(query, "start-after", listing.ContinuationToken is null ? listing.StartAfter : "");
        return query.ToString();
    }

    /// <summary>A listing of nothing, to learn whether the bucket exists and may be listed.</summary>
    public const string Nothing = "list-type=2&max-keys=0";

    /// <summary>ListObjectVersions, also with encoded names.</summary>
    public static string Versions(VersionListing listing)
    {
        var query = new StringBuilder("versions&encoding-type=url");
        query.Append(CultureInfo.InvariantCulture, $"&max-keys={listing.MaxKeys}");
        Add(query, "prefix", listing.Prefix);
        Add(query, "delimiter", listing.Delimiter);
        Add(query, "key-marker", listing.KeyMarker);
        Add(query, "version-id-marker", listing.VersionIdMarker);
        return query.ToString();
    }

    private static void Add(StringBuilder query, string name, string value)
    {
        if (value.Length > 0)
        {
            query.Append('&').Append(name).Append('=').Append(UriEncoding.EncodeComponent(value));
        }
    }
}
