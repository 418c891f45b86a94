using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Embedded.Encryption.EncryptionBench;
using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded.Encryption;

/// <summary>What requests may ask for, and the errors for what they may not.</summary>
public sealed class EncryptionRequestTests : IAsyncLifetime
{
    private const string Method = "x-amz-server-side-encryption";
    private const string KeyId = Method + "-aws-kms-key-id";
    private const string Customer = Method + "-customer-";

    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync() => _bench = await EncryptionBench.OpenAsync();

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Theory]
    [InlineData("AES128", "InvalidArgument")]
    [InlineData("aes256", "InvalidArgument")]
    [InlineData("aws:kms:dsse", "NotImplemented")]
    [InlineData("aws:kms", "KMS.NotFoundException")]
    public async Task Only_known_methods_with_known_keys_are_taken(string method, string error)
    {
        foreach (var operation in (S3Operation[])[S3Operation.PutObject, S3Operation.CreateMultipartUpload])
        {
            Assert.Equal(error, await _bench.FailAsync(operation, "key", new BytesBody([1]), "", (Method, method)));
        }

        Assert.Empty(_bench.Files("objects"));
    }

    [Fact]
    public async Task Methods_that_contradict_each_other_are_refused()
    {
        (string, string)[][] headers =
        [
            [(Method, "AES256"), .. CustomerKey.Headers()],
            [(Method, "aws:kms"), (KeyId, "first"), .. CustomerKey.Headers()],
            [(KeyId, "first"), .. CustomerKey.Headers()],
            [(Method, "AES256"), (KeyId, "first")],
            [(KeyId, "first")],
            [(Method, "aws:kms"), (KeyId, "first"), (Method + "-bucket-key-enabled", "yes")],
        ];
        foreach (var each in headers)
        {
            Assert.Equal("InvalidArgument", await _bench.FailAsync(S3Operation.PutObject, "key", new BytesBody([1]), "", each));
        }

        Assert.Equal("KMS.NotFoundException", await _bench.FailAsync(
            S3Operation.PutObject, "key", new BytesBody([1]), "", (Method, "aws:kms"), (KeyId, "third")));
        Assert.Equal("NotImplemented", await _bench.FailAsync(
            S3Operation.PutObject, "key", new BytesBody([1]), "", (Method, "aws:kms"), (KeyId, "first"), (Method + "-context", "e30=")));
    }

    [Theory]
    [InlineData("algorithm", null, "InvalidArgument")]
    [InlineData("algorithm", "AES128", "InvalidEncryptionAlgorithmError")]
    [InlineData("key", null, "InvalidArgument")]
    [InlineData("key", "not base64!", "InvalidArgument")]
    [InlineData("key", "AAAA", "InvalidArgument")]
    [InlineData("key", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", "InvalidArgument")]
    [InlineData("key-MD5", null, "InvalidArgument")]
    [InlineData("key-MD5", "AAAAAAAAAAAAAAAAAAAAAA==", "InvalidArgument")]
    public async Task A_customers_key_must_be_whole_and_right(string name, string? value, string error)
    {
        await _bench.PutAsync("key", [1], CustomerKey.Headers());
        var headers = CustomerKey.Headers().Where(header => header.Name != Customer + name).ToList();
        if (value is not null)
        {
            headers.Add((Customer + name, value));
        }

        foreach (var operation in (S3Operation[])[S3Operation.PutObject, S3Operation.GetObject, S3Operation.HeadObject])
        {
            Assert.Equal(error, await _bench.FailAsync(operation, "key", new BytesBody([1]), "", [.. headers]));
        }
    }

    [Fact]
    public async Task An_object_is_shown_only_with_its_customers_key()
    {
        await _bench.PutAsync("key", Bytes(70_000), CustomerKey.Headers());
        await _bench.PutAsync("plain", [1]);
        await _bench.PutAsync("server", [1], Write("s3"));
        var attributes = ("x-amz-object-attributes", "ETag");
        foreach (var operation in (S3Operation[])[S3Operation.GetObject, S3Operation.HeadObject, S3Operation.GetObjectAttributes])
        {
            Assert.Equal("InvalidRequest", await _bench.FailAsync(operation, "key", null, "", attributes));
            Assert.Equal("AccessDenied", await _bench.FailAsync(operation, "key", null, "", [attributes, .. CustomerKey.Headers(2)]));
            Assert.Equal("InvalidRequest", await _bench.FailAsync(operation, "plain", null, "", [attributes, .. CustomerKey.Headers()]));
            Assert.Equal("InvalidRequest", await _bench.FailAsync(operation, "server", null, "", [attributes, .. CustomerKey.Headers()]));
            var shown = await _bench.SendAsync(operation, "key", null, "", [attributes, .. CustomerKey.Headers()]);
            Assert.Equal(200, shown.Status);
        }

        foreach (var source in (string[])["key", "plain"])
        {
            Assert.Equal("InvalidRequest", await _bench.FailAsync(S3Operation.CopyObject, "copy", null, "",
                [("x-amz-copy-source", "bucket/" + source), .. source == "plain" ? CustomerKey.SourceHeaders() : []]));
        }

        Assert.Equal("AccessDenied", await _bench.FailAsync(
            S3Operation.CopyObject, "copy", null, "", [("x-amz-copy-source", "bucket/key"), .. CustomerKey.SourceHeaders(2)]));
        Assert.Equal(["key", "plain", "server"], await _bench.ListAsync());
        await _bench.DeleteAsync("key");
    }

    [Theory]
    [InlineData(S3Operation.GetObject)]
    [InlineData(S3Operation.HeadObject)]
    [InlineData(S3Operation.UploadPart)]
    [InlineData(S3Operation.CompleteMultipartUpload)]
    public async Task The_method_is_only_for_new_objects(S3Operation operation)
    {
        await _bench.PutAsync("key", [1], Write("s3"));
        var id = await StartAsync("s3");
        Assert.Equal("InvalidArgument", await _bench.FailAsync(
            operation, "key", operation == S3Operation.UploadPart ? new BytesBody([1]) : MultipartTests.Named("\"x\""),
            $"uploadId={id}&partNumber=1", Write("s3")));
    }

    [Fact]
    public async Task Parts_must_bring_the_key_that_the_upload_began_with()
    {
        var (c, s3) = (await StartAsync("c"), await StartAsync("s3"));
        Assert.Equal("InvalidRequest", await FailPartAsync(c));
        Assert.Equal("InvalidRequest", await FailPartAsync(c, CustomerKey.Headers(2)));
        Assert.Equal("InvalidRequest", await FailPartAsync(s3, CustomerKey.Headers()));
        Assert.Equal("InvalidRequest", await FailPartAsync(await StartAsync(""), CustomerKey.Headers()));

        var tag = (await _bench.SendAsync(S3Operation.UploadPart, "key", new BytesBody([1, 2]), $"uploadId={c}&partNumber=1",
            CustomerKey.Headers())).Headers.ETag.ToString();
        Assert.Equal("InvalidRequest", await _bench.FailAsync(
            S3Operation.CompleteMultipartUpload, "key", MultipartTests.Named(tag), "uploadId=" + c, CustomerKey.Headers(2)));
        await _bench.SendAsync(S3Operation.CompleteMultipartUpload, "key", MultipartTests.Named(tag), "uploadId=" + c);
        Assert.Equal([1, 2], await _bench.GetAsync("key", "", CustomerKey.Headers()));
        Assert.Equal("InvalidRequest", await _bench.FailAsync(S3Operation.GetObject, "key"));
        Assert.Equal("AccessDenied", await _bench.FailAsync(S3Operation.HeadObject, "key", null, "", CustomerKey.Headers(2)));
    }

    /// <summary>With a checksum algorithm, S3 wants the key at the end too.</summary>
    [Fact]
    public async Task An_upload_with_a_checksum_is_completed_with_its_key()
    {
        var id = Text(await _bench.SendAsync(S3Operation.CreateMultipartUpload, "key", null, "uploads",
            [("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", "FULL_OBJECT"), .. CustomerKey.Headers()]), "UploadId");
        var tag = (await _bench.SendAsync(S3Operation.UploadPart, "key", new BytesBody([1, 2]), $"uploadId={id}&partNumber=1",
            CustomerKey.Headers())).Headers.ETag.ToString();
        Assert.Equal("InvalidRequest", await _bench.FailAsync(
            S3Operation.CompleteMultipartUpload, "key", MultipartTests.Named(tag), "uploadId=" + id));
        await _bench.SendAsync(
            S3Operation.CompleteMultipartUpload, "key", MultipartTests.Named(tag), "uploadId=" + id, CustomerKey.Headers());
        Assert.Equal([1, 2], await _bench.GetAsync("key", "", CustomerKey.Headers()));
    }

    [Fact]
    public async Task Responses_show_how_an_object_is_encrypted()
    {
        foreach (var way in (string[])["s3", "kms", "c"])
        {
            var expected = Write(way).Where(static header => header.Name != Customer + "key").Order().ToList();
            var put = await _bench.SendAsync(S3Operation.PutObject, "key", new BytesBody([1]), "", Write(way));
            var get = await _bench.SendAsync(S3Operation.GetObject, "key", null, "", Read(way));
            var head = await _bench.SendAsync(S3Operation.HeadObject, "key", null, "", Read(way));
            var begun = await _bench.SendAsync(S3Operation.CreateMultipartUpload, "key", null, "uploads", Write(way));
            var part = await _bench.SendAsync(S3Operation.UploadPart, "key", new BytesBody([1]),
                $"uploadId={Text(begun, "UploadId")}&partNumber=1", Read(way));
            Assert.All([put, get, head, begun, part], response => Assert.Equal(expected, Shown(response)));
        }
    }

    /// <summary>Without keys of the server the request is refused: an object that seems encrypted is not.</summary>
    [Fact]
    public async Task A_server_without_keys_says_so()
    {
        _bench.Keys = Proxy.Embedded.Encryption.ServerKeys.None;
        await _bench.ReopenAsync();
        Assert.Equal("NotImplemented", await _bench.FailAsync(S3Operation.PutObject, "key", new BytesBody([1]), "", Write("s3")));
        Assert.Equal("KMS.NotFoundException", await _bench.FailAsync(S3Operation.PutObject, "key", new BytesBody([1]), "", Write("kms")));
        await _bench.PutAsync("key", [1], CustomerKey.Headers());
        Assert.Equal([1], await _bench.GetAsync("key", "", CustomerKey.Headers()));
    }

    private static List<(string, string)> Shown(BufferedResponse response) => [.. response.Headers
        .Where(static header => header.Key.StartsWith(Method, StringComparison.OrdinalIgnoreCase))
        .Select(static header => (header.Key, header.Value.ToString())).Order()];

    private async Task<string> StartAsync(string way) =>
        Text(await _bench.SendAsync(S3Operation.CreateMultipartUpload, "key", null, "uploads", Write(way)), "UploadId");

    private Task<string> FailPartAsync(string id, params (string, string)[] headers) =>
        _bench.FailAsync(S3Operation.UploadPart, "key", new BytesBody([1]), $"uploadId={id}&partNumber=1", headers);
}
