using System.Text.RegularExpressions;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Transparency;

/// <summary>
/// Every way in which the proxy may differ from the store behind it. <c>docs/compatibility.md</c> contains this list, and a test compares
/// the two.
/// </summary>
public static partial class AllowedDifferences
{
    /// <summary>Differences that are levelled in every response.</summary>
    public static IReadOnlyList<AllowedDifference> Levelled { get; } =
    [
        new(
            "Request ids (`x-amz-request-id`, `x-amz-id-2`, `RequestId`, `HostId`)",
            "Every request has its own. You see the store's, so that you can search its log, or the proxy's if the store sent none.",
            (seen, _) =>
            {
                seen.Without("x-amz-request-id");
                seen.Header("x-amz-id-2", _ => "ID");
                seen.Body = RequestId().Replace(seen.Body, "<$1>ID</$1>");
            }),
        new(
            "Points in time (`Date`, `Last-Modified`, times in documents)",
            "The two sides receive their requests one after the other, and each writes its own objects.",
            (seen, _) =>
            {
                seen.Header("Date", _ => "DATE");
                seen.Header("Last-Modified", value => HttpDate().Replace(value, "DATE"));
                seen.Body = IsoDate().Replace(seen.Body, "DATE");
            }),
        new(
            "The server's host name, anywhere in headers and documents",
            "Clients reach the proxy by its own name.",
            (seen, side) => seen.Replace(side.Access.Endpoint.Authority, "HOST")),
        new(
            "`Connection` and `Keep-Alive`",
            "They describe one connection: here, the one between client and proxy.",
            (seen, _) =>
            {
                seen.Without("Connection");
                seen.Without("Keep-Alive");
            }),
        new(
            "`Strict-Transport-Security` and `Alt-Svc`: never through the proxy",
            "They set the scheme and port that browsers use for a host, and that host is the proxy. Set them where TLS ends.",
            (seen, _) =>
            {
                seen.Without("Strict-Transport-Security");
                seen.Without("Alt-Svc");
            }),
        new(
            "`Resource` of an error: the percent-encoding of its path",
            "The proxy sends paths in the spelling that all servers sign alike. Both spellings name the same resource.",
            (seen, _) =>
            {
                if (seen.Body.Contains("<Resource>", StringComparison.Ordinal))
                {
                    seen.Body = Resource().Replace(seen.Body, match => Uri.UnescapeDataString(match.Value));
                    seen.Without("Content-Length");
                }
            }),
        new(
            "`Content-Encoding: aws-chunked`, which some stores return: never through the proxy",
            "It is the framing of the upload. The proxy removes it and does not show it to a store that would keep it.",
            (seen, side) =>
            {
                if (!side.IsProxy && seen.Headers.GetValueOrDefault("Content-Encoding") == "aws-chunked")
                {
                    seen.Without("Content-Encoding");
                }
            }),
        new(
            "`Location` of a completed upload, and the framing of that document",
            "It is the object's address as the client sees it: at the proxy, by path. Some stores use their own host name.",
            (seen, _) =>
            {
                if (seen.Body.Contains("<CompleteMultipartUploadResult", StringComparison.Ordinal))
                {
                    seen.Body = LocationHost().Replace(seen.Body, match => match.Groups[1].Success ? "<Location>HOST/BUCKET/"
                        : "<Location>HOST/");
                    seen.Without("Content-Length");
                    seen.Without("Transfer-Encoding");
                }
            }),
        new(
            "The order of `Deleted` and `Error` in the result of DeleteObjects",
            "A store that deletes in parallel reports in any order. RGW's order varies.",
            (seen, _) =>
            {
                if (seen.Body.Contains("<DeleteResult", StringComparison.Ordinal))
                {
                    var rows = DeleteRow().Matches(seen.Body).Select(match => match.Value).Order(StringComparer.Ordinal);
                    seen.Body = DeleteRow().Replace(seen.Body, "") + string.Concat(rows);
                }
            }),
    ];

    /// <summary>Responses that the proxy gives without the store.</summary>
    public static IReadOnlyList<OwnResponse> OwnResponses { get; } =
    [
        new("DELETE /BUCKET/k?acl", "405 MethodNotAllowed", "S3 has no such operation, and a sub-resource is never the object (rule R8)."),
        new("DELETE /BUCKET?", "405 MethodNotAllowed",
            "S3 has no such delete. RGW deletes the bucket."),
        new("DELETE /BUCKET/there?retention", "405 MethodNotAllowed",
            "S3 has no such delete. RGW deletes the object."),
        new("PUT /BUCKET/there?policy", "405 MethodNotAllowed", "S3 has no such operation. RGW replaces the object."),
        new("PUT /BUCKET?location", "405 MethodNotAllowed", "The same for buckets."),
        new("POST /BUCKET/k", "405 MethodNotAllowed", "S3's code. RGW has another."),
        new("unsigned HEAD /", "405", "S3 has no such operation either."),
        new("unsigned GET /BUCKET/public?response-content-type", "503 ServiceUnavailable",
            "RGW sends its error document in place of headers, which is not HTTP."),
        new("PUT /BUCKET/k x-amz-checksum-crc32: nonsense", "400 InvalidRequest",
            "The proxy verifies checksums over any store (rule W7)."),
        new("PUT /BUCKET/k x-amz-checksum-crc32: nonsense, x-amz-sdk-checksum-algorithm", "400 BadDigest",
            "The same, with S3's code if an SDK names the algorithm."),
        new("PUT /BUCKET/k x-amz-checksum-crc32: AAAAAA==", "400 BadDigest", "The same."),
        new("PUT /BUCKET/k x-amz-content-sha256: nonsense", "400 InvalidArgument", "S3's code. RGW has another."),
        new("PUT /BUCKET/k x-amz-content-sha256: 0000", "400 XAmzContentSHA256Mismatch",
            "The body does not match its signature (rule W7). Scality accepts it."),
        new("POST /BUCKET?delete Content-MD5: eV8yArF8trw9S3cdjGyerw==", "400 BadDigest", "The same for digests of documents."),
        new("GET /b/k?nonsense", "501 NotImplemented",
            "An unknown sub-resource does not reach a store (rule A1)."),
        new("unsigned HEAD /BUCKET/public?acl", "200",
            "HEAD has no sub-resources in S3. The proxy ignores the parameter."),
        new("PUT /BUCKET?policyStatus", "405 MethodNotAllowed", "S3 has no such operation. RGW has another code."),
        new("GET /BUCKET/there?versionId=null&versionId", "400 InvalidArgument",
            "Which of the two a store reads is unclear (rule A1). RGW rejects the signature."),
        new("DELETE /BUCKET/there?versionId=null&version", "400 InvalidArgument", "The same."),
        new("PUT /BUCKET/there?partNumber=1&uploadId=a&", "400 InvalidArgument", "The same."),
        new("GET /BUCKET/there?tagging&tagging", "400 InvalidArgument", "The same."),
        new("GET /BUCKET?tagging&policy", "400 InvalidArgument", "S3's response to two sub-resources. RGW serves one of them."),
        new("GET /BUCKET?list-type=2&list-type", "400 InvalidArgument", "Which of the two a store reads is unclear (rule A1)."),
        new("PUT /BUCKET/kkkk", "400 KeyTooLongError", "S3's code. RGW has another."),
        new("GET /BUCKET/kkkk", "400 KeyTooLongError", "The same."),
        new("PUT /BUCKET/unknown-length", "411 MissingContentLength",
            "S3's response to a body of unknown length. Some stores accept it."),
        new("without length PUT /BUCKET/no-length", "200", "No length means no body (RFC 9112). RGW refuses it (411)."),
        new("unsigned GET /BUCKET/k Authorization: AWS4-HMAC-SHA256 nonsense", "400 AuthorizationHeaderMalformed",
            "S3's code. RGW has another."),
        new("unsigned GET /BUCKET/k?X-Amz-Algorithm=AWS4-HMAC-SHA256", "400 AuthorizationQueryParametersError",
            "S3's code. RGW has another."),
        new("PUT /BUCKET/copy x-amz-copy-source:", "400 InvalidArgument",
            "S3's code for an invalid source. Scality ignores an empty one.", "200", IsWhole: true),
        new("PUT /BUCKET/copy x-amz-copy-source: //", "400 InvalidArgument", "The same. Scality looks for a bucket without a name.",
            "404 NoSuchBucket"),
        new("PUT /BUCKET/copy x-amz-copy-source: BUCKET/", "400 InvalidArgument", "The same for keys.", "404 NoSuchKey", IsWhole: true),
        new("PUT /BUCKET/copy x-amz-copy-source: %zz/k", "400 InvalidArgument", "The same: this is not percent-encoding.",
            "404 NoSuchBucket"),
        new("unsigned GET /BUCKET/k Authorization: nonsense", "400 InvalidArgument", "S3's code. Scality has another.", "403 AccessDenied"),
        new("unsigned GET /BUCKET/k?AWSAccessKeyId=unknown-key", "403 InvalidAccessKeyId",
            "S3's code. Scality refuses all links that last more than a week.", "403 AccessDenied"),
        new("presigned GET /BUCKET/a%20b", "403 AccessDenied", "S3's code for an expired link. Scality has another.",
            "403 RequestTimeTooSkewed"),
        new("version 2 GET /BUCKET/a%20b", "403 AccessDenied", "The same.", "403 RequestTimeTooSkewed"),
    ];

    /// <summary>The list as <c>docs/compatibility.md</c> has it.</summary>
    public static string Documented =>
        "| what differs | why |\n|---|---|\n"
        + string.Concat(Levelled.Select(allowed => $"| {allowed.What} | {allowed.Why} |\n"))
        + "\n| request | the proxy's response | why |\n|---|---|---|\n"
        + string.Concat(OwnResponses.Select(own => $"| `{own.Request}` | {own.Answer} | {own.Why} |\n"));

    [GeneratedRegex("<(Deleted|Error)>.*?</\\1>", RegexOptions.Singleline)]
    private static partial Regex DeleteRow();

    [GeneratedRegex("<Location>https?://(BUCKET\\.)?[^/<]+/")]
    private static partial Regex LocationHost();

    [GeneratedRegex("<Resource>[^<]*</Resource>")]
    private static partial Regex Resource();

    [GeneratedRegex("<(RequestId|HostId)>[^<]*</(?:RequestId|HostId)>")]
    private static partial Regex RequestId();

    [GeneratedRegex(@"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")]
    private static partial Regex HttpDate();

    [GeneratedRegex(@"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z")]
    private static partial Regex IsoDate();
}

/// <summary>An allowed difference between a response through the proxy and the store's own.</summary>
/// <param name="What">What differs.</param>
/// <param name="Why">Why it must, or may.</param>
/// <param name="Level">Makes it the same on both sides.</param>
public sealed record AllowedDifference(string What, string Why, Action<Seen, Side> Level);

/// <summary>A request to which the proxy responds by itself, and differently than some store.</summary>
/// <param name="Request">The request's label, or its beginning.</param>
/// <param name="Answer">Status and code of the proxy's response.</param>
/// <param name="Why">Why it does.</param>
/// <param name="InPlaceOf">Status and code of the store's response that it replaces. Null for any.</param>
/// <param name="IsWhole">Whether the label is that, and not only its beginning.</param>
public sealed record OwnResponse(string Request, string Answer, string Why, string? InPlaceOf = null, bool IsWhole = false)
{
    /// <summary>Whether the proxy may respond differently than the store.</summary>
    /// <param name="direct">Status and code of the store's.</param>
    /// <param name="through">Status and code of the proxy's.</param>
    public bool Allows(string label, string direct, string through) =>
        (IsWhole ? label == Request : label.StartsWith(Request, StringComparison.Ordinal)) && through == Answer
            && (InPlaceOf ?? direct) == direct;
}
