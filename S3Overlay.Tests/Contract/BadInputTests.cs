using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>Bad input gets the S3 error that an SDK understands, never a 500, never a hang, and loses nothing.</summary>
public abstract class BadInputTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : LocalOnlyFixture
{
    private readonly SignedHttp _http = new(fixture.Proxy.Endpoint);

    public static TheoryData<string, string, string?, string, int, string> Requests => new()
    {
        // method, target, body, header, status, code
        { "PATCH", "/b/k", null, "", 405, "MethodNotAllowed" },
        { "POST", "/", null, "", 405, "MethodNotAllowed" },
        { "GET", "/b/k?nonsense", null, "", 501, "NotImplemented" },
        { "GET", "/no-such-bucket/k", null, "", 404, "NoSuchBucket" },
        { "GET", "/no-such-bucket", null, "", 404, "NoSuchBucket" },
        { "PUT", "/no-such-bucket/k", "body", "", 404, "NoSuchBucket" },
        { "GET", "/BUCKET/no-such-key", null, "", 404, "NoSuchKey" },
        { "PUT", "/ab", null, "", 400, "InvalidBucketName" },
        { "PUT", "/Upper", null, "", 400, "InvalidBucketName" },
        { "PUT", "/a..b", null, "", 400, "InvalidBucketName" },
        { "PUT", "/127.0.0.1", null, "", 400, "InvalidBucketName" },
        { "PUT", "/new-bucket", "<not xml", "", 400, "MalformedXML" },
        { "PUT", "/BUCKET/k", "body", "Content-MD5: nonsense", 400, "InvalidDigest" },
        { "PUT", "/BUCKET/k", "body", "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==", 400, "BadDigest" },
        { "PUT", "/BUCKET/k", "body", "x-amz-checksum-crc32: nonsense", 400, "InvalidRequest" },
        { "PUT", "/BUCKET/k", "body", "x-amz-checksum-crc32: AAAAAA==", 400, "BadDigest" },
        { "PUT", "/BUCKET/k", "body", "x-amz-content-sha256: 0000000000000000000000000000000000000000000000000000000000000000", 400,
            "XAmzContentSHA256Mismatch" },
        { "PUT", "/BUCKET/k", "body", "x-amz-content-sha256: nonsense", 400, "InvalidArgument" },
        { "PUT", "/BUCKET/k", "body", "If-None-Match: \"etag\"", 501, "NotImplemented" },
        { "PUT", "/BUCKET/k", "body", "x-amz-storage-class: NONSENSE", 400, "InvalidStorageClass" },
        { "PUT", "/BUCKET/k", null, "x-amz-copy-source: nonsense", 400, "InvalidArgument" },
        { "PUT", "/BUCKET/k", null, "x-amz-copy-source: /BUCKET/no-such-key", 404, "NoSuchKey" },
        { "PUT", "/BUCKET/k", null, "x-amz-copy-source: /no-such-bucket/k", 404, "NoSuchBucket" },
        { "PUT", "/BUCKET/k?partNumber=0&uploadId=x", "body", "", 400, "InvalidArgument" },
        { "PUT", "/BUCKET/k?partNumber=10001&uploadId=x", "body", "", 400, "InvalidArgument" },
        { "PUT", "/BUCKET/k?partNumber=1&uploadId=no-such-upload", "body", "", 404, "NoSuchUpload" },
        { "POST", "/BUCKET/k?uploadId=no-such-upload",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>", "", 404,
            "NoSuchUpload" },
        { "DELETE", "/BUCKET/k?uploadId=no-such-upload", null, "", 404, "NoSuchUpload" },
        { "GET", "/BUCKET/k?uploadId=no-such-upload", null, "", 404, "NoSuchUpload" },
        { "POST", "/BUCKET?delete", "<Delete>", "", 400, "MalformedXML" },
        { "POST", "/BUCKET?delete", "<Delete></Delete>", "", 400, "MalformedXML" },
        { "POST", "/BUCKET?delete",
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><Delete><Object><Key>&e;</Key></Object></Delete>", "", 400,
            "MalformedXML" },
        { "GET", "/BUCKET?list-type=2&max-keys=nonsense", null, "", 400, "InvalidArgument" },
        { "GET", "/BUCKET?list-type=2&max-keys=-1", null, "", 400, "InvalidArgument" },
        { "GET", "/BUCKET?list-type=2&continuation-token=nonsense", null, "", 400, "InvalidArgument" },
        { "GET", "/BUCKET?tagging&policy", null, "", 400, "InvalidArgument" },
        { "GET", "/BUCKET?list-type=2&encoding-type=nonsense", null, "", 400, "InvalidArgument" },
        { "GET", "/BUCKET/there?versionId=null&versionId=null", null, "", 400, "InvalidArgument" },
        { "DELETE", "/BUCKET/there?versionId=null&version%49d=other", null, "", 400, "InvalidArgument" },
        { "PUT", "/BUCKET/there?partNumber=1&uploadId=a&uploadId=b", "body", "", 400, "InvalidArgument" },
        { "PUT", "/BUCKET/there?partNumber=1&uploadId=a&partNumber=2", "body", "", 400, "InvalidArgument" },
        { "GET", "/BUCKET/there?tagging&tagging=", null, "", 400, "InvalidArgument" },
        { "GET", "/BUCKET?list-type=2&list-type=1", null, "", 400, "InvalidArgument" },
        { "GET", "/BUCKET/there?versionId=", null, "", 400, "InvalidArgument" },
        { "GET", "/BUCKET/there?partNumber=nonsense", null, "", 400, "InvalidArgument" },
        { "GET", "/BUCKET/there", null, "Range: bytes=99-", 416, "InvalidRange" },
        { "GET", "/BUCKET/there", null, "If-Match: \"other\"", 412, "PreconditionFailed" },
        { "GET", "/BUCKET/there?torrent", null, "", 404, "NoSuchKey" },
        { "DELETE", "/BUCKET/there?retention", null, "", 405, "MethodNotAllowed" },
        { "PUT", "/BUCKET/there?policy", "{}", "", 405, "MethodNotAllowed" },
        { "POST", "/BUCKET/there?select&select-type=2", "<x/>", "", 501, "NotImplemented" },
        { "PUT", "/BUCKET?versioning", "<VersioningConfiguration/>", "", 400, "IllegalVersioningConfigurationException" },
        { "GET", "/BUCKET?policy", null, "", 404, "NoSuchBucketPolicy" },
        { "DELETE", "/no-such-bucket", null, "", 404, "NoSuchBucket" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Gets_the_error_that_SDKs_know(string method, string target, string? body, string header, int status, string code)
    {
        var bucket = await fixture.NewBucketAsync();
        await fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "there", ContentBody = "kept" });
        var headers = header.Length == 0 ? [] : new[] { Split(header.Replace("BUCKET", bucket, StringComparison.Ordinal)) };
        var response = await _http.SendAsync(
            method, target.Replace("BUCKET", bucket, StringComparison.Ordinal), body is null ? null
                : Encoding.UTF8.GetBytes(body), headers);
        Assert.Equal(Expected(method, target, body, header, (status, code)), (response.Status, response.Code));
        Assert.NotEmpty(response.Headers["x-amz-request-id"]);
        Assert.Contains(response.Code.Length == 0 ? "" : $"<RequestId>{response.Headers["x-amz-request-id"]}</RequestId>", response.Text,
            StringComparison.Ordinal);
        Assert.Equal("there", Assert.Single((await fixture.S3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects).Key);
    }

    /// <summary>A client may know sub-resources that this server does not. It must not lose the object it names.</summary>
    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("POST")]
    [Trait("Rule", "R8")]
    public async Task A_sub_resource_is_never_the_object_itself(string method)
    {
        var bucket = await fixture.NewBucketAsync();
        await fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "there", ContentBody = "kept" });
        foreach (var name in SubResourceNames.OfS3)
        {
            var response = await _http.SendAsync(method, $"/{bucket}/there?{name}&annotationName=a", method == "DELETE" ? null
                : "in its place"u8.ToArray());
            Assert.Equal((name, "kept"), (name, (await _http.SendAsync("GET", $"/{bucket}/there")).Text));
            Assert.True(response.Status is not 500, $"{method} {name}: {response.Text}");
        }
    }

    /// <summary>
    /// The cost of a tree grows with the square of its depth, so a document deeper than any of S3's is not read to its end.
    /// </summary>
    [Fact]
    [Trait("Rule", "W8")]
    public async Task A_document_of_too_many_levels_is_refused()
    {
        var bucket = await fixture.NewBucketAsync();
        static byte[] Document(int levels) => Encoding.UTF8.GetBytes(
            "<Delete><Object><Key>none</Key>"
            + $"</Object>{string.Concat(Enumerable.Repeat("<x>", levels))}{string.Concat(Enumerable.Repeat("</x>", levels))}</Delete>");
        static (string, string) Digest(byte[] document) =>
            ("Content-MD5", Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(document)));
        var (fair, deep) = (Document(10), Document(100_000));
        Assert.Equal(200, (await _http.SendAsync("POST", $"/{bucket}?delete", fair, Digest(fair))).Status);
        var refused = await _http.SendAsync("POST", $"/{bucket}?delete", deep, Digest(deep));
        Assert.Equal((400, "MalformedXML"), (refused.Status, refused.Code));
    }

    [Theory]
    [InlineData("GET /%zz/k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /b/%FF HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET  /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("GET /b/k HTTP/1.1\r\n\r\n", 400)]
    [InlineData("PUT /b/k HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: x\r\n\r\n", 400)]
    [InlineData("GET /b/k HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Basic eDp5\r\n\r\n", 400)]
    [InlineData("GET /b/k HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: AWS4-HMAC-SHA256 nonsense\r\n\r\n", 400)]
    [InlineData("GET /b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400)]
    [Trait("Rule", "A1")]
    public async Task Broken_requests_are_refused_at_once(string request, int status)
    {
        var response = await _http.SendBytesAsync(Encoding.Latin1.GetBytes(request));
        Assert.InRange(response.Status, 400, 499);
        Assert.True(response.Status == status, $"{response.Status} {response.Text}");
    }

    /// <summary>
    /// The request is unsigned and has no usable length. Which of the two errors comes first depends on whether the store checks
    /// signatures.
    /// </summary>
    [Fact]
    [Trait("Rule", "A1")]
    public async Task A_length_beside_chunks_does_not_count()
    {
        var response = await _http.SendBytesAsync(
            Encoding.Latin1.GetBytes(
                "PUT /b/k HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
        Assert.True(response.Status is 403 or 411, $"{response.Status} {response.Text}");
    }

    [Fact]
    [Trait("Rule", "W7")]
    public async Task A_body_that_breaks_off_leaves_nothing_behind()
    {
        var bucket = await fixture.NewBucketAsync();
        var leaving = new SignedHttp(fixture.Proxy.Endpoint) { ClosesSending = true };
        var response = await leaving.SendAsync("PUT", $"/{bucket}/k", "half"u8.ToArray(), ("Content-Length", "1000"));
        Assert.True(response.Status is 0 or 400, response.Text);
        Assert.Empty((await fixture.S3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects ?? []);
    }

    [Fact]
    public async Task A_body_that_is_not_called_for_is_not_waited_for()
    {
        var bucket = await fixture.NewBucketAsync();
        await fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "v" });
        var keeping = new SignedHttp(fixture.Proxy.Endpoint) { KeepsConnection = true };
        var refused = await keeping.SendAsync(
            "PUT", $"/{bucket}/k", null, ("Expect", "100-continue"), ("Content-Length", "5000"), ("If-None-Match", "*"));
        Assert.Equal((412, "PreconditionFailed"), (refused.Status, refused.Code));
        Assert.Equal("close", refused.Headers["Connection"]);
    }

    [Fact]
    public async Task Errors_of_HEAD_have_a_status_and_no_body()
    {
        var response = await _http.SendAsync("HEAD", "/no-such-bucket/k");
        Assert.Equal((404, 0), (response.Status, response.Body.Length));
    }

    [Fact]
    public async Task A_request_from_another_origin_gets_CORS_headers()
    {
        var bucket = await fixture.NewBucketAsync();
        await fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "v" });
        var preflight = await _http.SendUnsignedAsync(
            "OPTIONS", $"/{bucket}/k", null, ("Origin", "https://viewer.example"), ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "range,x-amz-date"));
        Assert.Equal((204, "*", "range,x-amz-date"),
            (preflight.Status, preflight.Headers["Access-Control-Allow-Origin"], preflight.Headers["Access-Control-Allow-Headers"]));
        var response = await _http.SendAsync("GET", $"/{bucket}/k", null, ("Origin", "https://viewer.example"));
        Assert.Equal((200, "*"), (response.Status, response.Headers["Access-Control-Allow-Origin"]));
        Assert.Contains("ETag", response.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
        Assert.Contains("Content-Range", response.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
    }

    /// <summary>The store's own response, if it is known to differ from S3's.</summary>
    protected virtual (int Status, string Code) Expected(string method, string target, string? body, string header,
        (int Status, string Code) ofS3) => ofS3;

    private static (string Name, string Value) Split(string header)
    {
        var colon = header.IndexOf(": ", StringComparison.Ordinal);
        return (header[..colon], header[(colon + 2)..]);
    }
}
