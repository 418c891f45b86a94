using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// One S3 request as the front door understood it: authenticated, its operation named, its body decoded while it is read.
/// </summary>
public record S3Request
{
    /// <summary>What the client asks for.</summary>
    public required S3Operation Operation { get; init; }

    /// <summary>The HTTP method as sent, upper case.</summary>
    public required string Method { get; init; }

    /// <summary>The bucket, or the empty string for requests about the service (ListBuckets).</summary>
    public required string Bucket { get; init; }

    /// <summary>
    /// The object key, percent-decoded once, or the empty string for requests about a bucket. Plain characters: never a path.
    /// </summary>
    public required string Key { get; init; }

    /// <summary>The query, in the order sent.</summary>
    public required S3Query Query { get; init; }

    /// <summary>The headers, values as Latin-1 (so that bytes survive).</summary>
    public required IHeaderDictionary Headers { get; init; }

    /// <summary>Who asks.</summary>
    public required S3Caller Caller { get; init; }

    /// <summary>
    /// The body, decoded from its transfer framing and checked while it is read; <see cref="S3Body.Empty"/> where there is none.
    /// </summary>
    public required S3Body Body { get; init; }

    /// <summary>The id this request is answered and logged with.</summary>
    public required string RequestId { get; init; }

    /// <summary>When it came in. The end of time for what was not sent by a client.</summary>
    public DateTimeOffset Received { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>Where the client reached the server: what locations in answers are built from.</summary>
    public required S3Address Address { get; init; }

    /// <summary>In place of a key: the bucket itself, and with it each of its keys.</summary>
    public const string WholeBucket = "";

    /// <summary>
    /// Whether the caller may write a key that only the body names (DeleteObjects), or <see cref="WholeBucket"/>: rights can be narrower
    /// than a bucket.
    /// </summary>
    public Func<string, bool> MayWrite { get; init; } = static _ => true;

    /// <summary>Whether ListBuckets shows the caller a bucket; null where it shows every one (rule A2).</summary>
    public Func<string, bool>? MaySee { get; init; }

    /// <summary>
    /// Whether the caller may write each of them. Where it may not, whoever does not look at each key refuses the request.
    /// </summary>
    public bool MayWriteAll { get; init; } = true;

    /// <summary>Whether the answer carries headers only.</summary>
    public bool IsHead => Method == "HEAD";

    /// <summary>The same request with another value of a header, or with one more.</summary>
    public S3Request With(string header, string value)
    {
        var headers = Copy();
        headers[header] = value;
        return this with { Headers = headers };
    }

    /// <summary>The same request without some headers.</summary>
    public S3Request Without(params ReadOnlySpan<string> headers)
    {
        var left = Copy();
        foreach (var header in headers)
        {
            left.Remove(header);
        }

        return this with { Headers = left };
    }

    /// <summary>The value of a header that may appear once, or null where it is absent.</summary>
    public string? Header(string name)
    {
        var values = Headers[name];
        return values.Count == 0 ? null : values.Count == 1 ? values[0] : string.Join(",", values.ToArray());
    }

    private HeaderDictionary Copy()
    {
        var headers = new HeaderDictionary(Headers.Count + 1);
        foreach (var each in Headers)
        {
            headers[each.Key] = each.Value;
        }

        return headers;
    }
}
