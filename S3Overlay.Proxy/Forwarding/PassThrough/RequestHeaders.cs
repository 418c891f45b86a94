using System.Collections.Frozen;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Copies those client headers to the store that S3 documents for requests, and no others (rules A1, T3). A store's own headers
/// (<c>x-minio-*</c>, <c>x-rgw-*</c>) would act with the proxy's keys, which may do anything there.
/// </summary>
/// <remarks>
/// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html. Headers of the client's connection, signature, framing and origin
/// are not in the list.
/// </remarks>
internal static class RequestHeaders
{
    /// <summary>Prefixes: S3 adds to them, or clients choose the rest.</summary>
    private static readonly string[] Families = ["x-amz-meta-", "x-amz-checksum-", "x-amz-grant-"];

    private static readonly FrozenSet<string> HandedOn = new[]
    {
        // Standard headers about the body, the wanted response, and conditions.
        "Accept", "Accept-Encoding", "Cache-Control", "Content-Disposition", "Content-Language", "Content-MD5", "Content-Type", "Expires",
        "Range",
        "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since",

        // Inputs of the store's policies and CORS rules.
        "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Referer", "User-Agent",

        // W3C Trace Context.
        "traceparent", "tracestate",

        // Copies.
        "x-amz-copy-source", "x-amz-copy-source-range", "x-amz-copy-source-if-match", "x-amz-copy-source-if-modified-since",
        "x-amz-copy-source-if-none-match", "x-amz-copy-source-if-unmodified-since",
        "x-amz-copy-source-server-side-encryption-customer-algorithm", "x-amz-copy-source-server-side-encryption-customer-key",
        "x-amz-copy-source-server-side-encryption-customer-key-MD5",
        "x-amz-metadata-directive", "x-amz-tagging-directive", "x-amz-object-annotation-directive",

        // Encryption.
        "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-server-side-encryption-context",
        "x-amz-server-side-encryption-customer-algorithm", "x-amz-server-side-encryption-customer-key",
        "x-amz-server-side-encryption-customer-key-MD5",

        // How the object is stored.
        "x-amz-acl", "x-amz-storage-class", "x-amz-tagging", "x-amz-website-redirect-location", "x-amz-object-lock-mode",
        "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold",
        "x-amz-object-lock-event-hold", "x-amz-object-lock-event-hold-duration-days", "x-amz-object-lock-event-hold-duration-years",
        "x-amz-bypass-governance-retention", "x-amz-mfa",
        "x-amz-write-offset-bytes", "x-amz-mp-object-size", "x-amz-if-match-initiated-time", "x-amz-if-match-last-modified-time",
        "x-amz-if-match-size", "x-amz-object-if-match",

        // Options of reads and listings.
        "x-amz-object-attributes", "x-amz-optional-object-attributes", "x-amz-max-parts", "x-amz-part-number-marker",

        // Owner, payer, and bucket options.
        "x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner", "x-amz-request-payer", "x-amz-bucket-object-lock-enabled",
        "x-amz-bucket-object-lock-token", "x-amz-bucket-namespace",
        "x-amz-object-ownership", "x-amz-confirm-remove-self-bucket-access", "x-amz-skip-destination-validation",
        "x-amz-transition-default-minimum-object-size",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Copies the headers, and lists those that must be signed.</summary>
    public static void Copy(IHeaderDictionary from, HttpRequestMessage to, List<KeyValuePair<string, string>> signed)
    {
        foreach (var (name, values) in from)
        {
            // Repeated headers become one list, joined as in the signature: HttpClient would add a space.
            if (values.Count > 0 && GoesOn(name))
            {
                Add(to, name, values.Count == 1 ? values.ToString() : string.Join(',', values.ToArray()), signed);
            }
        }

        if (ContentEncodings.ToStore(from.ContentEncoding) is { } encoding)
        {
            Add(to, "Content-Encoding", encoding, signed);
        }
    }

    private static bool GoesOn(string name)
    {
        if (HandedOn.Contains(name))
        {
            return true;
        }

        foreach (var family in Families)
        {
            if (name.StartsWith(family, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Adds one header.</summary>
    public static void Add(HttpRequestMessage to, string name, string value, List<KeyValuePair<string, string>> signed)
    {
        if (!to.Headers.TryAddWithoutValidation(name, value))
        {
            // HttpClient keeps Content-Type and the like with a body; clients may send them without one.
            (to.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }

        if (RequestSigner.MustSign(name))
        {
            signed.Add(new(name, value));
        }
    }
}
