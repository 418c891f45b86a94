using System.Collections.Frozen;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>Reads object metadata from response headers. Headers of the connection or the request are left out.</summary>
internal static class ObjectHeaders
{
    private static readonly FrozenSet<string> NotTheObjects = new[]
    {
        "Content-Length", "Content-Range", "ETag", "Last-Modified", "Accept-Ranges", "Date", "Server", "Connection", "Keep-Alive",
        "Transfer-Encoding", "Trailer", "Upgrade",
        "Proxy-Connection", "Via", "Age", "Vary", "Strict-Transport-Security", "Alt-Svc", "Content-Security-Policy",
        "X-Content-Type-Options", "X-Xss-Protection",
        "x-amz-request-id", "x-amz-id-2", "x-amz-bucket-region", "x-amz-checksum-type", "x-amz-request-charged", "x-cache",
        "x-s3overlay-layer",
        "Set-Cookie", "Set-Cookie2", "x-served-by", "x-cache-hits", "x-timer", "Server-Timing", "Nel", "Report-To",
        "X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Trans-Id", "X-Openstack-Request-Id",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>CORS headers, and those of content delivery networks (CloudFront, Cloudflare).</summary>
    private static readonly string[] FamiliesNotTheObjects = ["Access-Control-", "x-amz-cf-", "cf-"];

    /// <summary>Reads the object's metadata.</summary>
    /// <param name="answer">The response to a GET or HEAD of the object.</param>
    /// <param name="size">The whole object's size.</param>
    public static ObjectInfo Read(WireResponse answer, long size)
    {
        var headers = new List<KeyValuePair<string, string>>();
        var checksums = new List<BodyChecksum>();
        foreach (var header in answer.Headers)
        {
            if (header.Key.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase))
            {
                foreach (var algorithm in ChecksumNames.All)
                {
                    if (header.Key.Equals(ChecksumNames.Header(algorithm), StringComparison.OrdinalIgnoreCase))
                    {
                        checksums.Add(new BodyChecksum(algorithm, header.Value));
                    }
                }
            }
            else if (!NotTheObjects.Contains(header.Key)
                && !Array.Exists(FamiliesNotTheObjects, family => header.Key.StartsWith(family, StringComparison.OrdinalIgnoreCase)))
            {
                headers.Add(header);
            }
        }

        return new ObjectInfo
        {
            Size = size,
            ETag = answer.Header("ETag") ?? "",
            LastModified = HttpDates.TryParseHeader(answer.Header("Last-Modified"), out var date) ? date : DateTimeOffset.UnixEpoch,
            Headers = headers,
            Checksums = checksums,
            ChecksumType = answer.Header("x-amz-checksum-type")
                ?? (checksums.Count == 0 ? null : checksums[0].Value.Contains('-', StringComparison.Ordinal) ? "COMPOSITE" : "FULL_OBJECT"),
        };
    }
}
