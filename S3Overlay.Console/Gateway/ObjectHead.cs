using System.Globalization;
using System.Text;

namespace S3Overlay.WebConsole.Gateway;

/// <summary>What a HEAD of an object shows its key.</summary>
internal sealed class ObjectHead
{
    /// <summary>The most bytes of a key.</summary>
    private const int LongestKey = 1024;

    private const string MetadataPrefix = "x-amz-meta-";

    /// <summary>Headers of the response, not of the object.</summary>
    private static readonly HashSet<string> OfResponse = new(StringComparer.OrdinalIgnoreCase)
        { "Date", "Server", "Connection", "x-amz-request-id", "x-amz-id-2", "Accept-Ranges", "Age", "Warning" };

    private ObjectHead(IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        Headers = [.. headers.Where(static header => !IsMetadata(header.Key))];
        Metadata = [.. headers.Where(static header => IsMetadata(header.Key))
            .Select(static header => KeyValuePair.Create(header.Key[MetadataPrefix.Length..], header.Value))];
    }

    /// <summary>The headers, apart from metadata.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>The user's metadata, without the prefix of its names.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; }

    /// <summary>Bytes of the object.</summary>
    public long Size => long.TryParse(this["Content-Length"], NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0;

    /// <summary>When it was last modified.</summary>
    public DateTimeOffset? Modified => DateTimeOffset.TryParse(
        this["Last-Modified"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    /// <summary>A header; null if there is none.</summary>
    public string? this[string name] =>
        Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Asks for it.</summary>
    /// <returns>Null if clients see no such object.</returns>
    /// <exception cref="ProxyError">The key may not read it, or the proxy cannot.</exception>
    public static async Task<ObjectHead?> ReadAsync(ProxyGateway gateway, string bucket, string key, CancellationToken cancellationToken)
    {
        await using var response = await gateway.SendAsync(new("HEAD", ProxyQuery.PathOf(bucket, key)), cancellationToken);
        return response.Status switch
        {
            200 => new ObjectHead([.. response.Headers.Where(static header => !OfResponse.Contains(header.Key))
                .Select(static header => KeyValuePair.Create(header.Key, header.Value.ToString()))
                .OrderBy(static header => header.Key, StringComparer.OrdinalIgnoreCase)]),
            404 or 405 => null,
            400 when Encoding.UTF8.GetByteCount(key) > LongestKey =>
                throw new ProxyError(400, "KeyTooLongError", "Keys have at most 1,024 bytes."),
            400 => throw new ProxyError(400, "NotReadable", "The object is encrypted with a key that only its client has (SSE-C)."),
            502 or 503 or 504 => throw new ProxyError(response.Status, $"{response.Status}", "The remote does not answer."),
            403 => throw new ProxyError(403, "AccessDenied", "This key may not read the object."),
            var status => throw new ProxyError(status, $"{status}", "The proxy cannot say what it has. Its log says why.")
                { RequestId = response.Headers["x-amz-request-id"].ToString() },
        };
    }

    private static bool IsMetadata(string name) => name.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase);
}
