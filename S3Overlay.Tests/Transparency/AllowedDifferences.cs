using System.Text.RegularExpressions;

namespace S3Overlay.Tests.Transparency;

/// <summary>
/// All in which the proxy may differ from the store behind it. <c>docs/compatibility.md</c> has this list, and a test holds both against
/// each other.
/// </summary>
public static partial class AllowedDifferences
{
    /// <summary>What is levelled in every answer.</summary>
    public static IReadOnlyList<AllowedDifference> Levelled { get; } =
    [
        new(
            "Request ids (`x-amz-request-id`, `x-amz-id-2`, `RequestId`, `HostId`)",
            "No server gives the same twice. They are the store's own wherever the store gave one, so that its log can be searched for them; where it gave none, there is the proxy's.",
            (seen, _) =>
            {
                seen.Without("x-amz-request-id");
                seen.Header("x-amz-id-2", _ => "ID");
                seen.Body = RequestId().Replace(seen.Body, "<$1>ID</$1>");
            }),
        new(
            "Points in time (`Date`, `Last-Modified`, times in documents)",
            "The two sides are asked one after the other, and each writes objects of its own.",
            (seen, _) =>
            {
                seen.Header("Date", _ => "DATE");
                seen.Header("Last-Modified", value => HttpDate().Replace(value, "DATE"));
                seen.Body = IsoDate().Replace(seen.Body, "DATE");
            }),
        new(
            "The server's host name, wherever it stands in headers and documents",
            "It is the client's way to the server: through the proxy, the proxy's.",
            (seen, side) => seen.Replace(side.Access.Endpoint.Authority, "HOST")),
        new(
            "`Connection` and `Keep-Alive`",
            "They are about the connection between two neighbours, and the proxy is the client's.",
            (seen, _) =>
            {
                seen.Without("Connection");
                seen.Without("Keep-Alive");
            }),
        new(
            "`Strict-Transport-Security` and `Alt-Svc`: never through the proxy",
            "They tell browsers by which scheme and port to come back to a host, and that host is the proxy's: whoever ends TLS before it says so there.",
            (seen, _) =>
            {
                seen.Without("Strict-Transport-Security");
                seen.Without("Alt-Svc");
            }),
        new(
            "`Resource` of an error: how its path is percent-encoded",
            "A path goes on in the one spelling that all servers sign alike; what it names is the same.",
            (seen, _) =>
            {
                if (seen.Body.Contains("<Resource>", StringComparison.Ordinal))
                {
                    seen.Body = Resource().Replace(seen.Body, match => Uri.UnescapeDataString(match.Value));
                    seen.Without("Content-Length");
                }
            }),
        new(
            "`Content-Encoding: aws-chunked`, which some stores give back: never through the proxy",
            "It names the framing of the upload, which the proxy takes off, and does not name to a store that would keep it as if it were the object's.",
            (seen, side) =>
            {
                if (!side.IsProxy && seen.Headers.GetValueOrDefault("Content-Encoding") == "aws-chunked")
                {
                    seen.Without("Content-Encoding");
                }
            }),
        new(
            "`Location` of a completed upload, and how that document's length is told",
            "It names the object as the client reaches it, through the proxy by a path. Some stores name one of their host's names in its place.",
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
            "A store that deletes at the same time reports as it gets done: RGW in another order from one time to the next.",
            (seen, _) =>
            {
                if (seen.Body.Contains("<DeleteResult", StringComparison.Ordinal))
                {
                    var rows = DeleteRow().Matches(seen.Body).Select(match => match.Value).Order(StringComparer.Ordinal);
                    seen.Body = DeleteRow().Replace(seen.Body, "") + string.Concat(rows);
                }
            }),
    ];

    /// <summary>What the proxy answers without the store.</summary>
    public static IReadOnlyList<OwnAnswer> OwnAnswers { get; } =
    [
        new("DELETE /BUCKET/k?acl", "405 MethodNotAllowed", "S3 has no such operation, and a sub-resource is never the object (rule R8)."),
        new("DELETE /BUCKET?", "405 MethodNotAllowed",
            "What S3 cannot delete is not deleted. RGW takes it for the deletion of the bucket."),
        new("DELETE /BUCKET/there?retention", "405 MethodNotAllowed",
            "A sub-resource that a method does not have is not left out, or the object itself would be deleted, as RGW does."),
        new("PUT /BUCKET/there?policy", "405 MethodNotAllowed", "The same: RGW replaces the object."),
        new("PUT /BUCKET?location", "405 MethodNotAllowed", "The same of buckets."),
        new("POST /BUCKET/k", "405 MethodNotAllowed", "S3's code; RGW has another."),
        new("unsigned HEAD /", "405", "S3 has no such operation either."),
        new("unsigned GET /BUCKET/public?response-content-type", "503 ServiceUnavailable",
            "RGW refuses with a document in the place of headers, which is no HTTP."),
        new("PUT /BUCKET/k x-amz-checksum-crc32: nonsense", "400 InvalidRequest",
            "Checksums are verified at the front door (rule W7), whether the store knows them or not."),
        new("PUT /BUCKET/k x-amz-checksum-crc32: nonsense, x-amz-sdk-checksum-algorithm", "400 BadDigest",
            "The same, with S3's code where an SDK names the algorithm as well."),
        new("PUT /BUCKET/k x-amz-checksum-crc32: AAAAAA==", "400 BadDigest", "The same."),
        new("PUT /BUCKET/k x-amz-content-sha256: nonsense", "400 InvalidArgument", "S3's code; RGW has another."),
        new("PUT /BUCKET/k x-amz-content-sha256: 0000", "400 XAmzContentSHA256Mismatch",
            "The body is not what was signed (rule W7). Scality takes it."),
        new("POST /BUCKET?delete Content-MD5: eV8yArF8trw9S3cdjGyerw==", "400 BadDigest", "The same of digests of documents."),
        new("GET /b/k?nonsense", "501 NotImplemented",
            "A sub-resource that is neither S3's nor the store's own does not reach a store (rule A1)."),
        new("unsigned HEAD /BUCKET/public?acl", "200",
            "HEAD has no sub-resources in S3: the proxy drops the parameter, and answers for the object."),
        new("PUT /BUCKET?policyStatus", "405 MethodNotAllowed", "S3 has no such operation; RGW has another code."),
        new("GET /BUCKET/there?versionId=null&versionId", "400 InvalidArgument",
            "A parameter that says what is asked for must be there once: a store could read another of the two. RGW misses its own signature of such a request."),
        new("DELETE /BUCKET/there?versionId=null&version", "400 InvalidArgument", "The same."),
        new("PUT /BUCKET/there?partNumber=1&uploadId=a&", "400 InvalidArgument", "The same."),
        new("GET /BUCKET/there?tagging&tagging", "400 InvalidArgument", "The same."),
        new("GET /BUCKET?list-type=2&list-type", "400 InvalidArgument", "The same."),
        new("PUT /BUCKET/kkkk", "400 KeyTooLongError", "S3's code; RGW has another."),
        new("GET /BUCKET/kkkk", "400 KeyTooLongError", "The same."),
        new("PUT /BUCKET/unknown-length", "411 MissingContentLength",
            "A body of unknown length is refused, as S3 does; some stores take it."),
        new("without length PUT /BUCKET/no-length", "200", "RFC 9112 takes no length for no body; RGW refuses it (411)."),
        new("unsigned GET /BUCKET/k Authorization: AWS4-HMAC-SHA256 nonsense", "400 AuthorizationHeaderMalformed",
            "S3's code; RGW has another."),
        new("unsigned GET /BUCKET/k?X-Amz-Algorithm=AWS4-HMAC-SHA256", "400 AuthorizationQueryParametersError",
            "S3's code; RGW has another."),
        new("PUT /BUCKET/copy x-amz-copy-source:", "400 InvalidArgument",
            "S3's code for what cannot be a source. Scality takes an empty one for none.", "200", IsWhole: true),
        new("PUT /BUCKET/copy x-amz-copy-source: //", "400 InvalidArgument", "The same; Scality looks for a bucket of no name.",
            "404 NoSuchBucket"),
        new("PUT /BUCKET/copy x-amz-copy-source: BUCKET/", "400 InvalidArgument", "The same of a key.", "404 NoSuchKey", IsWhole: true),
        new("PUT /BUCKET/copy x-amz-copy-source: %zz/k", "400 InvalidArgument", "The same: it is no percent-encoding.", "404 NoSuchBucket"),
        new("unsigned GET /BUCKET/k Authorization: nonsense", "400 InvalidArgument", "S3's code; Scality has another.", "403 AccessDenied"),
        new("unsigned GET /BUCKET/k?AWSAccessKeyId=nobody", "403 InvalidAccessKeyId",
            "S3's code; Scality takes no links for longer than a week, whoever signed them.", "403 AccessDenied"),
        new("presigned GET /BUCKET/a%20b", "403 AccessDenied", "S3's code for a link whose time is over; Scality has another.",
            "403 RequestTimeTooSkewed"),
        new("version 2 GET /BUCKET/a%20b", "403 AccessDenied", "The same.", "403 RequestTimeTooSkewed"),
    ];

    /// <summary>The list as <c>docs/compatibility.md</c> has it.</summary>
    public static string Documented =>
        "| what differs | why |\n|---|---|\n"
        + string.Concat(Levelled.Select(allowed => $"| {allowed.What} | {allowed.Why} |\n"))
        + "\n| request | the proxy's own answer | why |\n|---|---|---|\n"
        + string.Concat(OwnAnswers.Select(own => $"| `{own.Request}` | {own.Answer} | {own.Why} |\n"));

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
