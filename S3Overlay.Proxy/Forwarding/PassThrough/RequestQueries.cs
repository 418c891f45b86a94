using System.Collections.Frozen;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// The query that goes on to the store: the parameters that the operation knows, in the client's order. What S3 does not know may mean
/// something to a store (rules A1, T3).
/// </summary>
internal static class RequestQueries
{
    /// <summary>The query, percent-encoded in the one way that all servers sign alike.</summary>
    /// <param name="query">The client's query; what signed it, and what it has in place of headers, is nobody's parameter.</param>
    /// <param name="known">The parameters that the operation knows.</param>
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
