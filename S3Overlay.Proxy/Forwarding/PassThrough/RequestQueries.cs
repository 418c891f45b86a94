using System.Collections.Frozen;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>The query that goes on to the store: what the client sent, in its order, without what signed it.</summary>
internal static class RequestQueries
{
    private static readonly FrozenSet<string> OfSignatures = new[]
    {
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Content-Sha256",
        "AWSAccessKeyId", "Signature", "Expires",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The query, percent-encoded in the one way that all servers sign alike.</summary>
    public static string Of(S3Query query)
    {
        if (query.Parameters.Count == 0)
        {
            return "";
        }

        // The front door has made headers of what a presigned URL carries in its query.
        var isPresigned = query.Has("X-Amz-Signature");
        var kept = new List<string>(query.Parameters.Count);
        foreach (var (name, value) in query.Parameters)
        {
            if (!OfSignatures.Contains(name) && !(isPresigned && name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase)))
            {
                var encoded = UriEncoding.EncodeComponent(name);
                kept.Add(value is null ? encoded : $"{encoded}={UriEncoding.EncodeComponent(value)}");
            }
        }

        return string.Join('&', kept);
    }
}
