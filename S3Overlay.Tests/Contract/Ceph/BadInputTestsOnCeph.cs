using S3Overlay.Tests.Support.Ceph;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract.Ceph;

/// <summary>
/// See <see cref="BadInputTests{TFixture}"/>: in front of a Ceph gateway, whose responses pass unchanged. Each one that differs from S3 is
/// named here. The tests of <see cref="Transparency"/> prove that it comes from the gateway and not from the proxy.
/// </summary>
[NeedsCeph]
[LeftOut("A_body_that_is_not_called_for_is_not_waited_for",
    "RGW 16 calls for the body before it looks at the condition, and so its client has to send it.")]
[LeftOut("A_request_from_another_origin_gets_CORS_headers",
    "A store's buckets have their own CORS configuration, and a new one has none.")]
[LeftOut("A_document_of_too_many_levels_is_refused", "The document of a bucket that is the store's alone is the store's to read.")]
[LeftOut("Broken_requests_are_refused_at_once",
    "Unsigned requests are the store's to judge, and RGW 16 looks for the bucket first: 404 in place of 403.")]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class BadInputTestsOnCeph(CephForwardingFixture fixture) : BadInputTests<CephForwardingFixture>(fixture)
{
    /// <summary>Method, target, the start of the body or header, the response of RGW 16, and its reason.</summary>
    private static readonly (string Method, string Target, string Start, int Status, string Code, string Why)[] Differences =
    [
        ("PUT", "/new-bucket", "<not xml", 400, "InvalidArgument", "its code for documents it cannot read"),
        ("PUT", "/BUCKET/k", "If-None-Match: \"etag\"", 412, "PreconditionFailed",
            "it judges If-None-Match with an ETag, which S3 does not serve"),
        ("PUT", "/BUCKET/k", "x-amz-storage-class: NONSENSE", 400, "InvalidArgument", "its code for a class it does not have"),
        ("PUT", "/BUCKET/k?partNumber=0&uploadId=x", "", 404, "NoSuchUpload", "it looks for the upload first"),
        ("PUT", "/BUCKET/k?partNumber=10001&uploadId=x", "", 404, "NoSuchUpload", "it looks for the upload first"),
        ("POST", "/BUCKET/k?uploadId=no-such-upload", "", 500, "InternalError", "it fails over an upload id that is none of its making"),
        ("GET", "/BUCKET/k?uploadId=no-such-upload", "", 404, "NoSuchKey", "its code for it"),
        ("POST", "/BUCKET?delete", "<Delete>", 400, "", "it answers without a document"),
        ("POST", "/BUCKET?delete", "<Delete></Delete>", 200, "", "nothing to delete is no error to it"),
        ("POST", "/BUCKET?delete", "<!DOCTYPE", 400, "", "it answers without a document"),
        ("GET", "/BUCKET?list-type=2&max-keys=-1", "", 200, "", "it takes it for none"),
        ("GET", "/BUCKET?list-type=2&continuation-token=nonsense", "", 200, "", "its tokens are keys"),
        ("GET", "/BUCKET?list-type=2&encoding-type=nonsense", "", 200, "", "it ignores what it does not know"),
        ("GET", "/BUCKET/there?versionId=", "", 200, "", "empty is none to it"),
        ("GET", "/BUCKET/there?partNumber=nonsense", "", 200, "", "it does not serve parts"),
        ("GET", "/BUCKET/there?torrent", "", 400, "InvalidArgument", "its code for what it does not serve"),
        ("POST", "/BUCKET/there?select&select-type=2", "", 200, "", "it answers without a document"),
        ("PUT", "/BUCKET?versioning", "", 400, "InvalidArgument", "it serves versions, and misses the status"),
    ];

    protected override (int Status, string Code) Expected(string method, string target, string? body, string header,
        (int Status, string Code) ofS3)
    {
        var known = Differences
            .Where(row => row.Method == method && row.Target == target && (row.Start.Length == 0 || (body ?? "") == row.Start
                || header == row.Start || (row.Start == "<!DOCTYPE" && body!.StartsWith(row.Start, StringComparison.Ordinal))))
            .ToList();
        return known is [var difference] ? (difference.Status, difference.Code) : ofS3;
    }
}
