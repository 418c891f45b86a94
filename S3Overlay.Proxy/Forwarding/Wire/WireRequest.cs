namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>A request to an endpoint, before it is addressed and signed.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Bucket">The bucket, or the empty string for the service.</param>
/// <param name="Key">The key, or the empty string for the bucket.</param>
/// <param name="Query">The query, percent-encoded.</param>
/// <param name="Headers">The headers; those that have to be are signed. Content-Type goes with a body alone. One that is named more than
/// once becomes one value, joined as it is signed.</param>
internal sealed record WireRequest(string Method, string Bucket, string Key, string Query, IReadOnlyList<KeyValuePair<string,
    string>> Headers)
{
    /// <summary>
    /// The headers, each name once: HttpClient would join the values of several with a space that the signature does not have.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = OncePerName(Headers);

    /// <summary>The body, which can be sent again; null for none.</summary>
    public WireBody? Body { get; init; }

    /// <summary>
    /// Whether the endpoint is to say first that it will have the body, which it does once it has begun with the request.
    /// </summary>
    public bool AsksFirst { get; init; }

    /// <summary>
    /// Whether an answer of 500 is one, and the request not sent again for it: for whoever finds out what the endpoint has it for.
    /// </summary>
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
