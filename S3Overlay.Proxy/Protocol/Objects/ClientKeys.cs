using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>
/// The key that a client encrypts an object with: it comes with every request about the object, and is kept nowhere (SSE-C).
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html</remarks>
public static class ClientKeys
{
    /// <summary>
    /// Names the algorithm: a request without it brings no key, and of an object that was encrypted so it is shown again.
    /// </summary>
    public const string Algorithm = "x-amz-server-side-encryption-customer-algorithm";

    /// <summary>
    /// What stands before the names of the same headers in place of <c>x-amz-</c> where the key is that of a copy's source.
    /// </summary>
    private const string OfSource = "x-amz-copy-source-";

    /// <summary>The headers by which a request brings the key.</summary>
    public static readonly IReadOnlyList<string> Headers = [Algorithm, "x-amz-server-side-encryption-customer-key",
        "x-amz-server-side-encryption-customer-key-MD5"];

    /// <summary>The key that a request brings; empty for none.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(IHeaderDictionary headers) => Find(headers, static name => name);

    /// <summary>
    /// The key that a copy brings for its source, by the names under which a read of the source brings it; empty for none.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, string>> OfCopySource(IHeaderDictionary headers) =>
        Find(headers, static name => string.Concat(OfSource, name.AsSpan("x-amz-".Length)));

    /// <summary>
    /// Whether an error's message says that the object is there, and shown to whoever brings its key. Its code is that of many errors: S3
    /// says InvalidRequest, and RGW InvalidArgument, of the wrong key as well.
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
