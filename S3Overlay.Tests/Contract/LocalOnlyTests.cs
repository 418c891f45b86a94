using System.Net;
using System.Text;

using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract;

/// <summary>Without a remote this is a plain S3 server (rule T3), seen through AWS's own SDK.</summary>
[Trait("Rule", "T3")]
public abstract class LocalOnlyTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : LocalOnlyFixture
{
    private readonly AmazonS3Client _s3 = fixture.S3;

    [Fact]
    public async Task Buckets_come_and_go()
    {
        await _s3.PutBucketAsync("come-and-go");
        Assert.Contains((await _s3.ListBucketsAsync()).Buckets, b => b.BucketName == "come-and-go");
        await _s3.HeadBucketAsync(new HeadBucketRequest { BucketName = "come-and-go" });
        await _s3.DeleteBucketAsync("come-and-go");
        Assert.Equal("NoSuchBucket", (
            await Assert.ThrowsAsync<NoSuchBucketException>(() => _s3.ListObjectsV2Async(new() { BucketName = "come-and-go" }))).ErrorCode);
    }

    [Theory]
    [InlineData("health")]
    [InlineData("metrics")]
    public async Task Buckets_named_like_our_own_pages_are_buckets(string bucket)
    {
        await _s3.PutBucketAsync(bucket);
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "v" });
        Assert.Equal("k", (await _s3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects.Single().Key);
        using var plain = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await plain.GetAsync(new Uri(fixture.Proxy.Endpoint, "/" + bucket))).StatusCode);
    }

    [Theory]
    [MemberData(nameof(AwkwardKeys.Indexes), MemberType = typeof(AwkwardKeys))]
    [QuickRows(16)]
    public async Task Any_key_comes_back_to_the_byte(int index)
    {
        var key = AwkwardKeys.All[index];
        var bucket = await fixture.NewBucketAsync();
        var bytes = Encoding.UTF8.GetBytes("value of " + key);
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = key, InputStream = new MemoryStream(bytes) });
        Assert.Equal(key, (await _s3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects.Single().Key);
        using var response = await _s3.GetObjectAsync(bucket, key);
        Assert.Equal(bytes, await ReadAsync(response));
        await _s3.DeleteObjectAsync(bucket, key);
        await Assert.ThrowsAsync<NoSuchKeyException>(() => _s3.GetObjectAsync(bucket, key));
    }

    [Fact]
    public async Task Awkward_keys_live_side_by_side_and_list_in_order()
    {
        var bucket = await fixture.NewBucketAsync();
        foreach (var key in AwkwardKeys.All)
        {
            await _s3.PutObjectAsync(new() { BucketName = bucket, Key = key, ContentBody = key });
        }

        Assert.Equal(AwkwardKeys.InListingOrder, (await _s3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects
            .Select(o => o.Key));
    }

    /// <summary>The SDK for JavaScript presigns uploads with the checksum of an empty body.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(100_000)]
    [Trait("Rule", "A1")]
    public async Task A_link_for_an_upload_says_nothing_of_its_bytes(int size)
    {
        var bucket = await fixture.NewBucketAsync();
        var body = new byte[size];
        new Random(size).NextBytes(body);
        var http = new SignedHttp(fixture.Proxy.Endpoint);
        var query = new RequestSigner(new SigningCredentials("minioadmin", "minioadmin"), "us-east-1").Presign(
            "PUT", http.Host, $"/{bucket}/k",
            "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32&x-amz-meta-a=b&x-id=PutObject", [], DateTimeOffset.UtcNow,
            TimeSpan.FromHours(1));
        var put = await http.SendUnsignedAsync("PUT", $"/{bucket}/k?{query}", body);
        Assert.True(put.Status == 200, put.Text);
        using var read = await _s3.GetObjectAsync(bucket, "k");
        Assert.Equal(body, await ReadAsync(read));
        Assert.Equal("b", read.Metadata["a"]);
    }

    [Fact]
    public async Task A_key_may_start_with_a_slash()
    {
        // Through the bare protocol: AWS's .NET SDK signs two slashes and sends one.
        var bucket = await fixture.NewBucketAsync();
        var http = new SignedHttp(fixture.Proxy.Endpoint);
        Assert.Equal(200, (await http.SendAsync("PUT", $"/{bucket}//leading", "v"u8.ToArray())).Status);
        Assert.Equal("v", (await http.SendAsync("GET", $"/{bucket}//leading")).Text);
        Assert.Equal(404, (await http.SendAsync("GET", $"/{bucket}/leading")).Status);
        Assert.Equal("/leading", (await _s3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects.Single().Key);
    }

    [Fact]
    public async Task Metadata_and_standard_headers_come_back_as_stored()
    {
        var bucket = await fixture.NewBucketAsync();
        var put = new PutObjectRequest { BucketName = bucket, Key = "k", ContentBody = "v", ContentType = "text/x-test; charset=utf-8" };
        put.Headers.CacheControl = "max-age=60";
        put.Headers.ContentDisposition = "attachment; filename=\"v.txt\"";
        put.Headers.ContentEncoding = "identity";
        put.Metadata["one"] = "1";
        put.Metadata["two"] = "2 words";
        await _s3.PutObjectAsync(put);
        var head = await _s3.GetObjectMetadataAsync(bucket, "k");
        Assert.Equal("text/x-test; charset=utf-8", head.Headers.ContentType);
        Assert.Equal("max-age=60", head.Headers.CacheControl);
        Assert.Equal("attachment; filename=\"v.txt\"", head.Headers.ContentDisposition);
        Assert.Equal("identity", head.Headers.ContentEncoding);
        Assert.Equal(("1", "2 words"), (head.Metadata["one"], head.Metadata["two"]));
        Assert.Equal("\"9e3669d19b675bd57058fd4664205d2a\"", head.ETag);
        Assert.Equal(1, head.ContentLength);
    }

    [Theory]
    [InlineData("CRC32")]
    [InlineData("SHA1")]
    [InlineData("SHA256")]
    public async Task Checksums_are_checked_kept_and_shown(string algorithm)
    {
        var bucket = await fixture.NewBucketAsync();
        await _s3.PutObjectAsync(
            new() { BucketName = bucket, Key = "k", ContentBody = "checked", ChecksumAlgorithm = ChecksumAlgorithm.FindValue(algorithm) });
        var head = await _s3
            .GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = bucket, Key = "k", ChecksumMode = ChecksumMode.ENABLED });
        var value = algorithm switch
        {
            "CRC32" => head.ChecksumCRC32,
            "SHA1" => head.ChecksumSHA1,
            _ => head.ChecksumSHA256,
        };
        Assert.False(string.IsNullOrEmpty(value));
        using var response =
            await _s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "k", ChecksumMode = ChecksumMode.ENABLED });
        Assert.Equal("checked", Encoding.UTF8.GetString(await ReadAsync(response)));
    }

    [Fact]
    [Trait("Rule", "W6")]
    public async Task A_multipart_upload_shows_only_when_complete()
    {
        var bucket = await fixture.NewBucketAsync();
        var upload = (await _s3.InitiateMultipartUploadAsync(bucket, "big")).UploadId;
        var parts = new List<PartETag>();
        var bytes = new byte[(5 << 20) + 17];
        new Random(7).NextBytes(bytes);
        foreach (var (number, slice) in new[] { (1, bytes.AsMemory(0, 5 << 20)), (2, bytes.AsMemory(5 << 20)) })
        {
            var part = await _s3.UploadPartAsync(new() { BucketName = bucket, Key = "big", UploadId = upload, PartNumber = number,
                InputStream = new MemoryStream(slice.ToArray()) });
            parts.Add(new PartETag(part));
        }

        Assert.Empty((await _s3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects ?? []);
        Assert.Equal(2, (await _s3.ListPartsAsync(bucket, "big", upload)).Parts.Count);
        var done = await _s3.CompleteMultipartUploadAsync(new() { BucketName = bucket, Key = "big", UploadId = upload, PartETags = parts });
        AssertETagOfParts(done.ETag);
        using var response = await _s3.GetObjectAsync(bucket, "big");
        Assert.Equal(bytes, await ReadAsync(response));
        using var across = await _s3
            .GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "big", ByteRange = new((5 << 20) - 5, (5 << 20) + 4) });
        Assert.Equal(bytes[((5 << 20) - 5)..((5 << 20) + 5)], await ReadAsync(across));
    }

    [Fact]
    public async Task Virtual_host_addressing_works_too()
    {
        var bucket = await fixture.NewBucketAsync();
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "a/b c", ContentBody = "v" });

        // Not every machine resolves names under localhost. Only the Host header matters here.
        var virtualHosted = new SignedHttp(fixture.Proxy.Endpoint) { Host = $"{bucket}.localhost:{fixture.Proxy.Port}" };
        Assert.Equal((200, "v"), await virtualHosted.SendAsync("GET", "/a/b%20c") is var response ? (response.Status, response.Text)
            : default);
        Assert.Contains("<Key>a/b c</Key>", (await virtualHosted.SendAsync("GET", "/?list-type=2")).Text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "A1")]
    public async Task A_wrong_secret_an_unknown_key_and_no_signature_have_different_errors()
    {
        var bucket = await fixture.NewBucketAsync();
        using var wrongSecret = S3Clients.Create(fixture.Proxy.Endpoint, "minioadmin", "wrong");
        using var unknownKey = S3Clients.Create(fixture.Proxy.Endpoint, "unknown-key", "wrong");
        using var plain = new HttpClient();
        Assert.Equal("SignatureDoesNotMatch",
            (await Assert.ThrowsAsync<AmazonS3Exception>(() => wrongSecret.GetObjectAsync(bucket, "k"))).ErrorCode);
        Assert.Equal(
            "InvalidAccessKeyId", (await Assert.ThrowsAsync<AmazonS3Exception>(() => unknownKey.GetObjectAsync(bucket, "k"))).ErrorCode);
        using var unsigned = await plain.GetAsync(new Uri(fixture.Proxy.Endpoint, $"/{bucket}/k"));
        Assert.Equal(HttpStatusCode.Forbidden, unsigned.StatusCode);
        Assert.Contains("<Code>AccessDenied</Code>", await unsigned.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "A1")]
    public async Task A_presigned_link_works_until_it_is_changed()
    {
        var bucket = await fixture.NewBucketAsync();
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "v" });
        var link = await _s3.GetPreSignedURLAsync(
            new() { BucketName = bucket, Key = "k", Expires = DateTime.UtcNow.AddMinutes(5), Protocol = Amazon.S3.Protocol.HTTP });
        using var plain = new HttpClient();
        Assert.Equal("v", await plain.GetStringAsync(new Uri(link)));
        using var changed = await plain.GetAsync(new Uri(link.Replace("/k?", "/j?", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Forbidden, changed.StatusCode);
    }

    /// <summary>The ETag in the response to a completion of two parts.</summary>
    protected virtual void AssertETagOfParts(string etag) => Assert.EndsWith("-2\"", etag);

    internal static async Task<byte[]> ReadAsync(GetObjectResponse response)
    {
        using var copy = new MemoryStream();
        await response.ResponseStream.CopyToAsync(copy);
        return copy.ToArray();
    }
}
