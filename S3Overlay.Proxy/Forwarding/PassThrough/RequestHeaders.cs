using System.Collections.Frozen;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Which of a client's headers go on to the store: all, known or not, but those of the client's connection, of its signature and of its body's framing.</summary>
internal static class RequestHeaders
{
    private static readonly FrozenSet<string> NotHandedOn = new[]
    {
        // The connection's: RFC 9110, section 7.6.1.
        "Connection", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Host", "Expect",
        "Content-Length", "Content-Encoding",

        // The signature's, which are made anew.
        "Authorization", "Date", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token",

        // The framing's, which was taken off; and which checksum there is, told by what becomes of it (RelayedChecksums).
        "x-amz-trailer", "x-amz-decoded-content-length", "x-amz-sdk-checksum-algorithm",

        // Where the client comes from is between it and whoever stands before this proxy.
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "X-Original-For", "X-Original-Host", "X-Original-Proto",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds them to a message, and those that must be signed to a list.</summary>
    public static void Copy(IHeaderDictionary from, HttpRequestMessage to, List<KeyValuePair<string, string>> signed)
    {
        foreach (var (name, values) in from)
        {
            if (NotHandedOn.Contains(name))
            {
                continue;
            }

            // Several lines go on as one: HttpClient would join them with a space that the signature does not have.
            if (values.Count > 0)
            {
                Add(to, name, values.Count == 1 ? values.ToString() : string.Join(SeparatorOf(name), values.ToArray()), signed);
            }
        }

        if (ContentEncodings.ToStore(from.ContentEncoding) is { } encoding)
        {
            Add(to, "Content-Encoding", encoding, signed);
        }
    }

    /// <summary>What stands between the values of a header that came on several lines: a comma, as in a signature, but where they are no list (RFC 6265, section 5.4).</summary>
    private static string SeparatorOf(string name) => name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? "; " : ",";

    /// <summary>Adds one header.</summary>
    public static void Add(HttpRequestMessage to, string name, string value, List<KeyValuePair<string, string>> signed)
    {
        if (!to.Headers.TryAddWithoutValidation(name, value))
        {
            // Content-Type and its like have a place of their own, on a body; a client may send them without one.
            (to.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }

        if (RequestSigner.MustSign(name))
        {
            signed.Add(new(name, value));
        }
    }
}
