using System.Net;

using Amazon.S3;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded;

/// <summary>Parts of uploads that have a checksum, over HTTP, as S3 takes and refuses them.</summary>
[Trait("Rule", "W7")]
public sealed class PartChecksumTests(LocalOnlyFixture fixture) : IClassFixture<LocalOnlyFixture>
{
    private static readonly byte[] Part = "123456789"u8.ToArray();

    private readonly SignedHttp _http = new(fixture.Proxy.Endpoint);

    [Theory]
    [InlineData("CRC32", "FULL_OBJECT", "y/Q5Jg==")]
    [InlineData("CRC32C", "FULL_OBJECT", "4waSgw==")]
    [InlineData("CRC64NVME", "FULL_OBJECT", "rosUhgp5mIg=")]
    public async Task A_part_without_a_checksum_gets_that_of_its_upload_where_the_whole_has_one(string algorithm, string type, string value)
    {
        var upload = await StartAsync(algorithm, type);
        var part = await upload.SendAsync(1, Part);
        Assert.Equal((200, value), (part.Status, part.Headers["x-amz-checksum-" + algorithm]));

        var done = await upload.CompleteAsync(HttpUpload.Name(1, part));
        Assert.Equal(200, done.Status);
        Assert.Contains($"<Checksum{algorithm}>{value}</Checksum{algorithm}><ChecksumType>FULL_OBJECT</ChecksumType>", done.Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_comes_by_a_presigned_link_whose_client_computes_no_checksum()
    {
        var bucket = await fixture.NewBucketAsync();
        var upload = await fixture.S3
            .InitiateMultipartUploadAsync(new() { BucketName = bucket, Key = "k", ChecksumAlgorithm = ChecksumAlgorithm.CRC64NVME });
        var link = await fixture.S3.GetPreSignedURLAsync(new()
        {
            BucketName = bucket, Key = "k", UploadId = upload.UploadId, PartNumber = 1, Verb = HttpVerb.PUT,
            Expires = DateTime.UtcNow.AddMinutes(5), Protocol = Amazon.S3.Protocol.HTTP,
        });
        using var plain = new HttpClient();
        using var response = await plain.PutAsync(new Uri(link), new ByteArrayContent(Part));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("rosUhgp5mIg=", Assert.Single(response.Headers.GetValues("x-amz-checksum-crc64nvme")));

        var parts = await fixture.S3.ListPartsAsync(new() { BucketName = bucket, Key = "k", UploadId = upload.UploadId });
        Assert.Equal("rosUhgp5mIg=", Assert.Single(parts.Parts).ChecksumCRC64NVME);
    }

    [Theory]
    [InlineData("SHA256", "COMPOSITE", null, "expected checksum Type: sha256, actual checksum Type: null")]
    [InlineData("CRC32", "COMPOSITE", null, "expected checksum Type: crc32, actual checksum Type: null")]
    [InlineData("CRC32C", "FULL_OBJECT", "crc32:y/Q5Jg==", "expected checksum Type: crc32c, actual checksum Type: crc32")]
    public async Task A_part_without_the_checksum_that_its_client_must_know_is_refused(
        string algorithm, string type, string? sent, string why)
    {
        var upload = await StartAsync(algorithm, type);
        var refused = await upload.SendAsync(1, Part, sent is null ? [] : [("x-amz-checksum-" + sent.Split(':')[0], sent.Split(':')[1])]);
        Assert.Equal((400, "InvalidRequest"), (refused.Status, refused.Code));
        Assert.Contains("Checksum Type mismatch occurred, " + why, refused.Text, StringComparison.Ordinal);
    }

    private async Task<HttpUpload> StartAsync(string algorithm, string type) => await HttpUpload.StartAsync(
        _http, $"/{await fixture.NewBucketAsync()}/k", ("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", type));
}
