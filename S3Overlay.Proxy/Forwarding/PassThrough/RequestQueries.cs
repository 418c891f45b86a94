using System.Collections.Frozen;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Builds the query for the store from the parameters that the operation knows, in the client's order. Parameters that S3 does not know
/// could mean something to the store (rules A1, T3).
/// </summary>
internal static class RequestQueries
{
    /// <summary>The query, encoded in the way that all servers sign.</summary>
    /// <param name="query">The client's query. Signature parameters, and those that replace headers, are never known.</param>
    public static string Of(S3Query query, FrozenSet<string> known)
    {
        if (query.Parameters.Count == 0)
        {
            return "";
        }

        var kept = new List<string>(query.Parameters.Count);
        foreach (var (name, value) in query.Parameters)
        {
            if (known.Contains(name))
            {
                var encoded = UriEncoding.EncodeComponent(name);
                kept.Add(value is null ? encoded : $"{encoded}={UriEncoding.EncodeComponent(value)}");
            }
        }

        return string.Join('&', kept);
    }
}
