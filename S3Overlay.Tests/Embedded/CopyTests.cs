using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

public sealed class CopyTests
{
    [Theory]
    [InlineData("bucket/a%2Fb%25%20c")]
    [InlineData("/bucket/a/b%25%20c")]
    [InlineData("/bucket/a/b%25%20c?versionId=null")]
    [Trait("Rule", "W4")]
    public async Task A_copy_has_the_bytes_and_what_belongs_to_them(string source)
    {
        await using var bench = await OpenAsync();
        var bytes = Bytes(600_000);
        await bench.PutAsync("a/b% c", bytes, ("Content-Type", "text/x"), ("x-amz-meta-n", "1"), ("x-amz-tagging", "t=1"),
            ("x-amz-storage-class", "GLACIER"));
        var response = await bench.SendAsync(S3Operation.CopyObject, "copy", null, "", ("x-amz-copy-source", source));
        Assert.Equal(Md5(bytes), Text(response, "ETag"));
        var got = await bench.SendAsync(S3Operation.GetObject, "copy");
        Assert.Equal(bytes, got.Content.ToArray());
        Assert.Equal("text/x", got.Headers.ContentType.ToString());
        Assert.Equal("1", got.Headers["x-amz-meta-n"].ToString());
        Assert.Equal("1", got.Headers["x-amz-tagging-count"].ToString());
        Assert.False(got.Headers.ContainsKey("x-amz-storage-class"));
    }

    [Fact]
    public async Task Replaced_metadata_is_the_requests_alone()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1], ("Content-Type", "text/x"), ("x-amz-meta-n", "1"));
        await bench.SendAsync(
            S3Operation.CopyObject, "key", null, "", ("x-amz-copy-source", "bucket/key"), ("x-amz-metadata-directive", "REPLACE"),
            ("x-amz-meta-m", "2"));
        var head = await bench.SendAsync(S3Operation.HeadObject, "key");
        Assert.Equal("binary/octet-stream", head.Headers.ContentType.ToString());
        Assert.False(head.Headers.ContainsKey("x-amz-meta-n"));
        Assert.Equal("2", head.Headers["x-amz-meta-m"].ToString());
        Assert.Equal([1], await bench.GetAsync("key"));
    }

    [Fact]
    public async Task A_copy_of_parts_is_one_piece_with_an_md5()
    {
        await using var bench = await OpenAsync();
        var id = await MultipartTests.StartAsync(bench);
        var tags = new[] { await MultipartTests.UploadAsync(bench, id, 1, Bytes(100_000, 1)),
            await MultipartTests.UploadAsync(bench, id, 2, Bytes(300_000, 2)) };
        await MultipartTests.CompleteAsync(bench, id, tags);
        byte[] whole = [.. Bytes(100_000, 1), .. Bytes(300_000, 2)];
        var response = await bench.SendAsync(
            S3Operation.CopyObject, "copy", null, "", ("x-amz-copy-source", "bucket/key"), ("x-amz-checksum-algorithm", "SHA256"));
        Assert.Equal(Md5(whole), Text(response, "ETag"));
        Assert.Equal(ChecksumHasher.Compute(ChecksumAlgorithm.Sha256, whole).Value, Text(response, "ChecksumSHA256"));
        Assert.Equal(whole, await bench.GetAsync("copy"));
    }

    [Theory]
    [InlineData("bucket/key", null, null, "InvalidRequest")]
    [InlineData("bucket/absent", null, null, "NoSuchKey")]
    [InlineData("no-bucket/key", null, null, "NoSuchBucket")]
    [InlineData("bucket", null, null, "InvalidArgument")]
    [InlineData("bucket/key?versionId=x", null, null, "InvalidArgument")]
    [InlineData("bucket/key", "x-amz-metadata-directive", "MOVE", "InvalidArgument")]
    [InlineData("bucket/other", "x-amz-copy-source-if-match", "\"x\"", "PreconditionFailed")]
    [InlineData("bucket/other", "x-amz-copy-source-if-unmodified-since", "Thu, 01 Jan 1998 00:00:00 GMT", "PreconditionFailed")]
    [InlineData("bucket/other", "If-None-Match", "*", "PreconditionFailed")]
    [InlineData("bucket/other", "x-amz-checksum-algorithm", "MD4", "InvalidRequest")]
    public async Task A_copy_that_fails_says_why(string source, string? header, string? value, string code)
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1]);
        await bench.PutAsync("other", [2]);
        (string, string)[] headers = header is null ? [("x-amz-copy-source", source)] : [("x-amz-copy-source", source), (header, value!)];
        Assert.Equal(code, await bench.FailAsync(S3Operation.CopyObject, "key", null, "", headers));
        Assert.Equal([1], await bench.GetAsync("key"));
    }
}
