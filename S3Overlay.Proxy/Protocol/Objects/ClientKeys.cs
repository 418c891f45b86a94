using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The client's own encryption key (SSE-C). It comes with every request for the object and is never stored.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html</remarks>
public static class ClientKeys
{
    /// <summary>The algorithm header. A request without it has no key; responses for encrypted objects return it.</summary>
    public const string Algorithm = "x-amz-server-side-encryption-customer-algorithm";

    /// <summary>Replaces <c>x-amz-</c> in the names of the key's headers for the source of a copy.</summary>
    private const string OfSource = "x-amz-copy-source-";

    /// <summary>The headers of the key.</summary>
    public static readonly IReadOnlyList<string> Headers = [Algorithm, "x-amz-server-side-encryption-customer-key",
        "x-amz-server-side-encryption-customer-key-MD5"];

    /// <summary>A request's key; empty for none.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(IHeaderDictionary headers) => Find(headers, static name => name);

    /// <summary>A copy's key for its source, with the header names that a read of the source uses; empty for none.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> OfCopySource(IHeaderDictionary headers) =>
        Find(headers, static name => string.Concat(OfSource, name.AsSpan("x-amz-".Length)));

    /// <summary>
    /// Whether an error's message says that the object exists and needs its key. The code alone is ambiguous: S3 says InvalidRequest, and
    /// RGW InvalidArgument, for a wrong key too.
    /// </summary>
    public static bool AreWantedBy(string message) =>
        message.Contains("Server Side Encryption", StringComparison.OrdinalIgnoreCase)
        || message.Contains("server-side encryption", StringComparison.OrdinalIgnoreCase)
        || message.Contains("hash of the key did not match", StringComparison.OrdinalIgnoreCase);

    private static List<KeyValuePair<string, string>> Find(IHeaderDictionary headers, Func<string, string> nameOf)
    {
        var found = new List<KeyValuePair<string, string>>(Headers.Count);
        foreach (var name in Headers)
        {
            if (headers.TryGetValue(nameOf(name), out var value))
            {
                found.Add(new(name, value.ToString()));
            }
        }

        return found;
    }
}
