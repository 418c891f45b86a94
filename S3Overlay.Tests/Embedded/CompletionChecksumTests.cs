using System.Net;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded;

/// <summary>The checksums of a completion are checked as S3 checks them, over HTTP. The expected responses were recorded from S3.</summary>
[Trait("Rule", "W7")]
public sealed class CompletionChecksumTests(LocalOnlyFixture fixture) : IClassFixture<LocalOnlyFixture>
{
    private static readonly byte[] Bytes = "123456789"u8.ToArray();

    private readonly SignedHttp _http = new(fixture.Proxy.Endpoint);

    [Theory]
    [InlineData("x-amz-checksum-crc64nvme", "rosUhgp5mIg=", null)]
    [InlineData("x-amz-checksum-crc32", "y/Q5Jg==", "FULL_OBJECT")]
    [InlineData("x-amz-checksum-crc32c", "AAAAAA==", "FULL_OBJECT")]
    [InlineData("x-amz-checksum-crc32c", "AAAAAA==-1", null)]
    [InlineData("x-amz-checksum-xxhash64", "AAAAAAAAAAA=", null)]
    public async Task A_checksum_that_is_not_the_objects_is_refused_whatever_its_algorithm(string header, string value, string? type)
    {
        var upload = await StartAsync("CRC32C", "FULL_OBJECT");
        var part = await upload.SendAsync(1, Bytes);
        var refused = await upload.CompleteAsync(HttpUpload.Name(1, part), [(header, value), .. Type(type)]);
        Refused(refused, "BadDigest", "The crc32c you specified did not match the calculated checksum.");
        Assert.Equal(
            200, (await upload.CompleteAsync(HttpUpload.Name(1, part), ("x-amz-checksum-crc32c", "4waSgw=="),
            ("x-amz-checksum-type", "FULL_OBJECT"))).Status);
    }

    [Theory]
    [InlineData("CRC32C", "FULL_OBJECT", "COMPOSITE", "FULL_OBJECT")]
    [InlineData("CRC32", "COMPOSITE", "FULL_OBJECT", "COMPOSITE")]
    [InlineData(null, null, "FULL_OBJECT", "null")]
    [InlineData(null, null, "COMPOSITE", "null")]
    public async Task A_type_that_is_not_the_uploads_is_refused(string? algorithm, string? type, string named, string told)
    {
        var upload = await StartAsync(algorithm, type);
        var part = await upload.SendAsync(1, Bytes, type == "COMPOSITE" ? [("x-amz-checksum-crc32", "y/Q5Jg==")] : []);
        var refused = await upload.CompleteAsync(HttpUpload.Name(1, part), ("x-amz-checksum-type", named));
        Refused(refused, "InvalidRequest",
            $"The upload was created using the {told} checksum mode. The complete request must use the same checksum mode.");
    }

    [Fact]
    public async Task What_is_made_of_the_parts_checksums_needs_all_of_them_named()
    {
        var upload = await StartAsync("CRC32", null);
        var part = await upload.SendAsync(1, Bytes, ("x-amz-checksum-crc32", "y/Q5Jg=="));
        Refused(
            await upload.CompleteAsync(HttpUpload.Name(1, part)),
            "InvalidRequest",
            "The upload was created using a crc32 checksum. The complete request must include the checksum for each part. "
            + "It was missing for part 1 in the request.");
        Refused(
            await upload.CompleteAsync(
                HttpUpload.Name(1, part, "<ChecksumSHA256>FeKw08NfUnTonkIrs5Y3PShJsxkrGXzWBxmTkL2iQyU=</ChecksumSHA256>")),
            "BadDigest",
            "The sha256 you specified for part 1 did not match what we received.");
        Assert.Equal("InvalidPart", (await upload.CompleteAsync(HttpUpload.Name(1, part, "<ChecksumCRC32>AAAAAA==</ChecksumCRC32>"))).Code);
        var done = await upload.CompleteAsync(HttpUpload.Name(1, part, "<ChecksumCRC32>y/Q5Jg==</ChecksumCRC32>"),
            ("x-amz-checksum-type", "COMPOSITE"));
        Assert.Equal(200, done.Status);
        Assert.Contains("-1</ChecksumCRC32><ChecksumType>COMPOSITE</ChecksumType>", done.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checksum_says_nothing_of_an_upload_that_has_none()
    {
        var upload = await StartAsync(null, null);
        var part = await upload.SendAsync(1, Bytes);
        Assert.Equal(200, (await upload.CompleteAsync(HttpUpload.Name(1, part), ("x-amz-checksum-crc32c", "AAAAAA==-2"))).Status);
    }

    [Fact]
    public async Task A_completion_without_parts_gets_an_error()
    {
        var upload = await StartAsync(null, null);
        var part = await upload.SendAsync(1, Bytes);
        Refused(await upload.CompleteAsync(""), "InvalidRequest", "You must specify at least one part");
        Refused(
            await upload.CompleteAsync(HttpUpload.Name(1, part), ("x-amz-mp-object-size", "5")),
            "InvalidRequest",
            "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 9");
    }

    private static void Refused(RawResponse response, string code, string message)
    {
        Assert.Equal((400, code), (response.Status, response.Code));
        Assert.Contains($"<Message>{message}</Message>", WebUtility.HtmlDecode(response.Text), StringComparison.Ordinal);
    }

    private static (string, string)[] Type(string? type) => type is null ? [] : [("x-amz-checksum-type", type)];

    private async Task<HttpUpload> StartAsync(string? algorithm, string? type) => await HttpUpload.StartAsync(
        _http, $"/{await fixture.NewBucketAsync()}/k", algorithm is null ? [] : [("x-amz-checksum-algorithm", algorithm), .. Type(type)]);
}
