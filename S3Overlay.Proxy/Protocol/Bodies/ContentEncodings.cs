namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>What of <c>Content-Encoding</c> belongs to the object, and what only to the way it was sent.</summary>
public static class ContentEncodings
{
    private const string Chunked = "aws-chunked";

    /// <summary>
    /// The Content-Encoding to store: without <c>aws-chunked</c>, which clients put before or behind the object's own. Null where nothing
    /// is left. Handed back, it would make clients look for chunks that are not there.
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
