namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>A request to an endpoint, not yet addressed or signed.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Bucket">The bucket, or the empty string for the service.</param>
/// <param name="Key">The key, or the empty string for the bucket.</param>
/// <param name="Query">The query, percent-encoded.</param>
/// <param name="Headers">
/// The headers. Those that must be signed are. Content-Type needs a body. Repeated names are joined into one value, as they are signed.
/// </param>
internal sealed record WireRequest(string Method, string Bucket, string Key, string Query, IReadOnlyList<KeyValuePair<string,
    string>> Headers)
{
    /// <summary>The headers, each name once: HttpClient would join repeated values with a space that the signature does not have.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = OncePerName(Headers);

    /// <summary>The body; null for none.</summary>
    public WireBody? Body { get; init; }

    /// <summary>Sends <c>Expect: 100-continue</c>: the endpoint accepts the request before the body is sent.</summary>
    public bool AsksFirst { get; init; }

    /// <summary>Returns a 500 instead of retrying it. Used to find out when the store answers 500.</summary>
    public bool TakesInternalError { get; init; }

    private static IReadOnlyList<KeyValuePair<string, string>> OncePerName(IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        List<KeyValuePair<string, string>>? joined = null;
        for (var i = 1; i < headers.Count; i++)
        {
            var (name, value) = headers[i];
            var known = joined ?? headers;
            var first = 0;
            for (var end = joined?.Count ?? i; first < end && !known[first].Key.Equals(name, StringComparison.OrdinalIgnoreCase); first++)
            {
            }

            if (first < (joined?.Count ?? i))
            {
                joined ??= [.. headers.Take(i)];
                joined[first] = new(joined[first].Key, $"{joined[first].Value},{value}");
            }
            else
            {
                joined?.Add(headers[i]);
            }
        }

        return joined ?? headers;
    }
}
