using System.Net;
using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>A request to an endpoint, not yet addressed or signed.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Bucket">The bucket, or the empty string for the service.</param>
/// <param name="Key">The key, or the empty string for the bucket.</param>
/// <param name="Query">The query, percent-encoded.</param>
/// <param name="Headers">
/// The headers. Those that must be signed are. Content-Type needs a body. Repeated names are joined into one value, as they are signed.
/// </param>
internal sealed record WireRequest(string Method, string Bucket, string Key = "", string Query = "",
    IReadOnlyList<KeyValuePair<string, string>>? Headers = null)
{
    /// <summary>The headers, each name once: HttpClient would join repeated values with a space that the signature does not have.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = OncePerName(Headers ?? []);

    /// <summary>The body; null for none.</summary>
    public WireBody? Body { get; init; }

    /// <summary>Sends <c>Expect: 100-continue</c>: the endpoint accepts the request before the body is sent.</summary>
    public bool AsksFirst { get; init; }

    /// <summary>Returns a 500 instead of retrying it. Used to find out when the store answers 500.</summary>
    public bool TakesInternalError { get; init; }

    /// <summary>The message, without the headers of a signature.</summary>
    public HttpRequestMessage ToMessage(Uri address)
    {
        var message = new HttpRequestMessage(new HttpMethod(Method), address) { Version = HttpVersion.Version11 };
        foreach (var header in Headers)
        {
            message.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        if (Body is { } body)
        {
            message.Content = body.ToContent();
            message.Headers.ExpectContinue = AsksFirst;
            foreach (var header in Headers)
            {
                // HttpClient keeps Content-Type and Content-MD5 with the body.
                if (!message.Headers.NonValidated.Contains(header.Key))
                {
                    message.Content.Headers.TryAddWithoutValidation(header.Key, header.Value);
                }
            }
        }

        return message;
    }

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

/// <summary>A body that can be sent again: bytes in memory or a file.</summary>
/// <param name="Sha256">Its SHA-256 in lower-case hex, or <see cref="SigV4.UnsignedPayload"/>.</param>
/// <param name="CopyToAsync">Writes the whole body.</param>
internal sealed record WireBody(long Length, string Sha256, Func<Stream, CancellationToken, Task> CopyToAsync)
{
    public static WireBody Of(ReadOnlyMemory<byte> bytes) => new(bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes.Span)),
        (target, cancellationToken) => target.WriteAsync(bytes, cancellationToken).AsTask());

    public HttpContent ToContent() => new Content(this);

    private sealed class Content(WireBody body) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            body.CopyToAsync(stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
