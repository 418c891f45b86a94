namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Separates the object's <c>Content-Encoding</c> from that of its transfer.</summary>
public static class ContentEncodings
{
    private const string Chunked = "aws-chunked";

    /// <summary>
    /// The Content-Encoding to store: without <c>aws-chunked</c>, which clients put before or after the object's own. Null if nothing is
    /// left. Returned with the object, it would make clients look for chunks.
    /// </summary>
    public static string? ToStore(string? sent)
    {
        if (string.IsNullOrWhiteSpace(sent))
        {
            return null;
        }

        if (!sent.Contains(Chunked, StringComparison.OrdinalIgnoreCase))
        {
            return sent;
        }

        var kept = sent
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(encoding => !encoding.Equals(Chunked, StringComparison.OrdinalIgnoreCase));
        return string.Join(",", kept) is { Length: > 0 } rest ? rest : null;
    }
}
