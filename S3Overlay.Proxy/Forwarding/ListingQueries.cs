using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding;

/// <summary>The query of a listing.</summary>
internal static class ListingQueries
{
    /// <summary>ListObjectsV2, always with encoded names: XML cannot hold every key (rule L2).</summary>
    public static string V2(RemoteListing listing)
    {
        var query = new StringBuilder("list-type=2&encoding-type=url");
        query.Append(CultureInfo.InvariantCulture, $"&max-keys={listing.MaxKeys}");
        Add("prefix", listing.Prefix);
        Add("delimiter", listing.Delimiter);
        Add("continuation-token", listing.ContinuationToken ?? "");
        Add("start-after", listing.ContinuationToken is null ? listing.StartAfter : "");
        return query.ToString();

        void Add(string name, string value)
        {
            if (value.Length > 0)
            {
                query.Append('&').Append(name).Append('=').Append(UriEncoding.EncodeComponent(value));
            }
        }
    }
}
