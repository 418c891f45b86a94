namespace S3Overlay.Proxy.Forwarding;

/// <summary>A request to an endpoint, before it is addressed and signed.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Bucket">The bucket, or the empty string for the service.</param>
/// <param name="Key">The key, or the empty string for the bucket.</param>
/// <param name="Query">The query, percent-encoded.</param>
/// <param name="Headers">The headers; those that start with <c>x-amz-</c> are signed.</param>
internal sealed record WireRequest(string Method, string Bucket, string Key, string Query, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    /// <summary>The body, which can be sent again; null for none.</summary>
    public WireBody? Body { get; init; }
}
