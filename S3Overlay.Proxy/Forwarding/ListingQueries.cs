using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding;

/// <summary>Queries of listings.</summary>
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

    /// <summary>ListObjectVersions, in the same way.</summary>
    /// <param name="prefix">Only keys that start with this; empty for all.</param>
    /// <param name="delimiter">What keys are rolled up by; empty for none.</param>
    /// <param name="keyMarker">The row to go on after; empty for the start.</param>
    /// <param name="versionIdMarker">The version of that key to go on after; empty for the last of them.</param>
    /// <param name="maxKeys">How many rows a page may have.</param>
    public static string Versions(string prefix, string delimiter, string keyMarker, string versionIdMarker, int maxKeys)
    {
        var query = new StringBuilder("versions&encoding-type=url");
        query.Append(CultureInfo.InvariantCulture, $"&max-keys={maxKeys}");
        Add(query, "prefix", prefix);
        Add(query, "delimiter", delimiter);
        Add(query, "key-marker", keyMarker);
        Add(query, "version-id-marker", versionIdMarker);
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
