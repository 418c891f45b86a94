using System.Xml.Linq;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Responses;

/// <summary>
/// Responses in which other S3 servers and suites differ from each other. Each test names the page of S3's documentation that it follows.
/// </summary>
[Trait("Rule", "T3")]
public sealed class DocumentedResponseTests : ResponseTestBase
{
    private static readonly byte[] Bytes = "123456789"u8.ToArray();

    /// <summary>
    /// "If the individual checksum value you provide through x-amz-checksum-algorithm doesn't match the checksum algorithm you set through
    /// x-amz-sdk-checksum-algorithm, Amazon S3 fails the request with a BadDigest error":
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html.
    /// </summary>
    [Theory]
    [InlineData("x-amz-checksum-sha256", "bad", "SHA256", "BadDigest")]
    [InlineData("x-amz-checksum-crc64nvme", "bad", "CRC64NVME", "BadDigest")]
    [InlineData("x-amz-checksum-crc32", "y/Q5Jg==", "SHA256", "BadDigest")]
    [InlineData("x-amz-checksum-crc32", "AAAAAA==", "CRC32", "BadDigest")]
    [InlineData("x-amz-checksum-crc32", "bad", null, "InvalidRequest")]
    [InlineData("x-amz-checksum-crc32", "y/Q5Jg==", "ROT13", "InvalidRequest")]
    public async Task A_checksum_that_is_not_of_the_algorithm_the_SDK_names_is_a_bad_digest(
        string header, string value, string? algorithm, string code)
    {
        foreach (var scene in (string[])["plain", "overlaid"])
        {
            await StartAsync(scene);
            (string, string)[] headers = algorithm is null ? [(header, value)]
                : [(header, value), ("x-amz-sdk-checksum-algorithm", algorithm)];
            var response = await Proxy.Http.SendAsync("PUT", "/bucket/new", Bytes, headers);
            Assert.Equal((400, code), (response.Status, response.Code));
            Assert.Equal(404, (await SendAsync("HEAD", "/bucket/new")).Status);
        }
    }

    /// <summary>
    /// Up to ten tags; "InvalidTag: the tag provided was not a valid tag. This error can occur if the tag did not pass input validation":
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html.
    /// </summary>
    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task An_eleventh_tag_is_an_invalid_tag(string scene)
    {
        await StartAsync(scene);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/there?tagging", Tagging(10))).Status);
        Assert.Equal("InvalidTag", (await SendAsync("PUT", "/bucket/there?tagging", Tagging(11))).Code);
        Assert.Equal(
            "InvalidTag",
            (await SendAsync(
            "PUT", "/bucket/new", "v", ("x-amz-tagging", string.Join('&', Enumerable.Range(0, 11).Select(static i => $"k{i}=v"))))).Code);
        Assert.Equal("10", (await SendAsync("HEAD", "/bucket/there")).Headers["x-amz-tagging-count"]);
    }

    /// <summary>
    /// A document of tags is shown in the order in which it was sent, as in the sample of
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html. S3 shows those of a header in any order: here sorted.
    /// </summary>
    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task Tags_of_a_document_stay_in_its_order(string scene)
    {
        await StartAsync(scene);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/new", "v", ("x-amz-tagging", "z=1&a=2&m"))).Status);
        Assert.Equal(["a", "m", "z"], await TagNamesAsync("new"));
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/there?tagging", Tagging(3))).Status);
        Assert.Equal(["k2", "k1", "k0"], await TagNamesAsync("there"));
    }

    /// <summary>
    /// <c>If-None-Match</c> "expects the '*' character", and says that the key must not exist, which <c>If-Match</c> contradicts:
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html. A condition that S3 does not have is 501:
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (NotImplemented).
    /// </summary>
    [Theory, Trait("Rule", "W3")]
    [InlineData("plain", "there")]
    [InlineData("plain", "new")]
    [InlineData("overlaid", "there")]
    [InlineData("overlaid", "new")]
    [InlineData("overlaid", "remote")]
    [InlineData("store", "remote")]
    public async Task A_write_has_one_condition(string scene, string key)
    {
        await StartAsync(scene);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/source", "v")).Status);
        var etag = (await SendAsync("HEAD", "/bucket/" + key)).Headers.GetValueOrDefault("ETag") ?? "\"none\"";
        (string, string)[] both = [("If-Match", etag), ("If-None-Match", "*")];
        Assert.Equal("NotImplemented", (await SendAsync("PUT", "/bucket/" + key, "v", both)).Code);
        Assert.Equal(
            "NotImplemented", (await SendAsync("PUT", "/bucket/" + key, null, [("x-amz-copy-source", "/bucket/source"), .. both])).Code);
        Assert.Equal("NotImplemented", (await SendAsync("PUT", "/bucket/" + key, "v", ("If-None-Match", etag))).Code);
        Assert.NotEqual("v", (await SendAsync("GET", "/bucket/" + key)).Text);
    }

    /// <summary>
    /// "If you do not supply a valid Part with your request, the service sends back an HTTP 400 response":
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompletedMultipartUpload.html. The page names no code. These are the ones that
    /// S3 sends: for no document, and for a document without parts.
    /// </summary>
    [Fact, Trait("Rule", "W6")]
    public async Task A_completion_needs_a_part()
    {
        await StartAsync("plain");
        var target = $"/bucket/k?uploadId={TextOf(await SendAsync("POST", "/bucket/k?uploads"), "UploadId")}";
        Assert.Equal("400 Code=InvalidRequest | Message=You must specify at least one part", ErrorOf(await SendAsync("POST", target, "")));
        Assert.StartsWith("400 Code=MalformedXML",
            ErrorOf(await SendAsync("POST", target, "<CompleteMultipartUpload></CompleteMultipartUpload>")), StringComparison.Ordinal);
        Assert.Equal(404, (await SendAsync("HEAD", "/bucket/k")).Status);
    }

    /// <summary>
    /// <c>x-amz-copy-source-range</c> "must use the form bytes=first-last", within the source:
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html. Another value is an invalid argument
    /// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html); InvalidRange is what a read's Range gets.
    /// </summary>
    [Theory]
    [InlineData("bytes=0-21")]
    [InlineData("bytes=4-4")]
    [InlineData("bytes=2-1")]
    [InlineData("0-2")]
    [InlineData("bytes=0")]
    [InlineData("bytes=0-")]
    [InlineData("bytes=-2")]
    [InlineData("bytes=hello-world")]
    [InlineData("bytes=0-1,2-3")]
    public async Task A_range_that_a_copy_cannot_read_is_an_invalid_argument(string range)
    {
        await StartAsync("plain");
        var target = $"/bucket/k?partNumber=1&uploadId={TextOf(await SendAsync("POST", "/bucket/k?uploads"), "UploadId")}";
        Assert.StartsWith("400 Code=InvalidArgument", ErrorOf(await SendAsync(
            "PUT", target, null, ("x-amz-copy-source", "/bucket/there"), ("x-amz-copy-source-range", range))), StringComparison.Ordinal);
        Assert.Equal(200, (
            await SendAsync("PUT", target, null, ("x-amz-copy-source", "/bucket/there"), ("x-amz-copy-source-range", "bytes=0-3"))).Status);
    }

    /// <summary>
    /// The sample response of https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html has no <c>x-amz-delete-marker</c>, and
    /// for reads the header "does not appear in the response" if it is false:
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html.
    /// </summary>
    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task A_bucket_without_versions_speaks_of_no_delete_marker(string scene)
    {
        await StartAsync(scene);
        foreach (var (method, status) in new[] { ("DELETE", 204), ("HEAD", 404), ("GET", 404), ("DELETE", 204) })
        {
            var response = await SendAsync(method, "/bucket/there");
            Assert.Equal((status, false), (response.Status, response.Headers.ContainsKey("x-amz-delete-marker")));
        }
    }

    /// <summary>
    /// Torrents (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTorrent.html) are made by no store any more. S3 documents no
    /// error for that; clients of other stores expect 404.
    /// </summary>
    [Theory, Trait("Rule", "R8")]
    [InlineData("plain", "there")]
    [InlineData("overlaid", "there")]
    [InlineData("overlaid", "remote")]
    public async Task No_object_has_a_torrent(string scene, string key)
    {
        await StartAsync(scene);
        Assert.StartsWith(key == "remote" ? "501 Code=NotImplemented" : "404 Code=NoSuchKey",
            ErrorOf(await SendAsync("GET", $"/bucket/{key}?torrent")), StringComparison.Ordinal);
    }

    /// <summary>
    /// No object can have such a key: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html has the source percent-encoded,
    /// and NUL is in no URL's path.
    /// </summary>
    [Theory, Trait("Rule", "W4")]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task A_NUL_in_a_copys_source_is_an_invalid_argument(string scene)
    {
        await StartAsync(scene);
        var part = $"/bucket/k?partNumber=1&uploadId={TextOf(await SendAsync("POST", "/bucket/k?uploads"), "UploadId")}";
        foreach (var target in new[] { "/bucket/k", part })
        {
            foreach (var source in new[] { "/bucket/a%00b", "/bucket/remote%00", "/bucket%00/there" })
            {
                Assert.StartsWith("400 Code=InvalidArgument", ErrorOf(await SendAsync("PUT", target, null, ("x-amz-copy-source", source))),
                    StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain(Remote?.Requests ?? [], static request => request.Key.Contains('\0', StringComparison.Ordinal));
    }

    private static string Tagging(int count)
    {
        var tags = Enumerable.Range(0, count).Reverse().Select(static i => $"<Tag><Key>k{i}</Key><Value>v</Value></Tag>");
        return $"<Tagging><TagSet>{string.Concat(tags)}</TagSet></Tagging>";
    }

    private async Task<List<string>> TagNamesAsync(string key) =>
        [.. XElement.Parse((await SendAsync("GET", $"/bucket/{key}?tagging")).Text).Descendants()
            .Where(static element => element.Name.LocalName == "Key").Select(static element => element.Value)];
}
