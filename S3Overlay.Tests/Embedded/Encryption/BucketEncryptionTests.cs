using System.Text;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Embedded.Encryption.EncryptionBench;
using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded.Encryption;

/// <summary>The default encryption of a bucket.</summary>
public sealed class BucketEncryptionTests : IAsyncLifetime
{
    private const string Method = "x-amz-server-side-encryption";
    private const string Kms = "<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>second</KMSMasterKeyID>";
    private const string Aes = "<SSEAlgorithm>AES256</SSEAlgorithm>";

    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync() => _bench = await EncryptionBench.OpenAsync();

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Theory]
    [InlineData(Aes, "AES256")]
    [InlineData(Kms, "aws:kms")]
    public async Task Objects_are_encrypted_as_their_bucket_says(string setting, string method)
    {
        await _bench.PutAsync("before", [0]);
        await SetAsync(setting);
        await _bench.ReopenAsync();
        await _bench.PutAsync("key", Bytes(100));
        var id = Text(await _bench.SendAsync(S3Operation.CreateMultipartUpload, "parts", null, "uploads"), "UploadId");
        var part = await _bench.SendAsync(S3Operation.UploadPart, "parts", new BytesBody(Bytes(200)), $"uploadId={id}&partNumber=1");
        await _bench.SendAsync(
            S3Operation.CompleteMultipartUpload, "parts", MultipartTests.Named(part.Headers.ETag.ToString()), "uploadId=" + id);
        await _bench.SendAsync(S3Operation.CopyObject, "copy", null, "", ("x-amz-copy-source", "bucket/before"));
        foreach (var key in (string[])["key", "parts", "copy"])
        {
            var head = await _bench.SendAsync(S3Operation.HeadObject, key);
            Assert.Equal(method, head.Headers[Method].ToString());
            Assert.Equal(method == "aws:kms" ? "second" : "", head.Headers[Method + "-aws-kms-key-id"].ToString());
            Assert.NotNull((await _bench.Store.Objects.FindAsync(Bucket, key))!.Envelope);
        }

        Assert.Equal(Bytes(100), await _bench.GetAsync("key"));
        Assert.Equal(Bytes(200), await _bench.GetAsync("parts"));
        Assert.Equal([0], await _bench.GetAsync("copy"));
        Assert.Empty((await _bench.SendAsync(S3Operation.HeadObject, "before")).Headers[Method].ToString());

        // What the request says counts.
        await _bench.PutAsync("own", [1], CustomerKey.Headers());
        Assert.Equal("InvalidRequest", await _bench.FailAsync(S3Operation.GetObject, "own"));
        await _bench.SendAsync(S3Operation.DeleteBucketConfiguration, "", null, "encryption");
        await _bench.PutAsync("after", [1]);
        Assert.Null((await _bench.Store.Objects.FindAsync(Bucket, "after"))!.Envelope);
        Assert.Equal(Bytes(100), await _bench.GetAsync("key"));
    }

    [Fact]
    public async Task The_setting_is_shown_and_deleted()
    {
        Assert.Equal("ServerSideEncryptionConfigurationNotFoundError", await _bench.FailAsync(
            S3Operation.GetBucketConfiguration, "", null, "encryption"));
        await SetAsync(Kms, "<BucketKeyEnabled>true</BucketKeyEnabled>");
        await _bench.RebuildAsync();
        var shown = Encoding.UTF8.GetString(
            (await _bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "encryption")).Content.Span);
        Assert.Contains("<Rule><ApplyServerSideEncryptionByDefault>" + Kms + "</ApplyServerSideEncryptionByDefault>"
            + "<BucketKeyEnabled>true</BucketKeyEnabled></Rule>", shown, StringComparison.Ordinal);
        var put = await _bench.SendAsync(S3Operation.PutObject, "key", new BytesBody([1]));
        Assert.Equal("true", put.Headers[Method + "-bucket-key-enabled"].ToString());

        await _bench.SendAsync(S3Operation.DeleteBucketConfiguration, "", null, "encryption");
        Assert.Equal("ServerSideEncryptionConfigurationNotFoundError", await _bench.FailAsync(
            S3Operation.GetBucketConfiguration, "", null, "encryption"));
    }

    [Fact]
    public async Task A_bucket_can_refuse_customers_keys()
    {
        await SetAsync(Aes, "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>");
        Assert.Equal("AccessDenied", await _bench.FailAsync(S3Operation.PutObject, "key", new BytesBody([1]), "", CustomerKey.Headers()));
        await SetAsync(Aes, "<BlockedEncryptionTypes><EncryptionType>NONE</EncryptionType></BlockedEncryptionTypes>");
        await _bench.PutAsync("key", [1], CustomerKey.Headers());
    }

    [Theory]
    [InlineData("<Wrong/>", "MalformedXML")]
    [InlineData("<ServerSideEncryptionConfiguration/>", "MalformedXML")]
    [InlineData("<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>", "MalformedXML")]
    [InlineData("<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault/></Rule></ServerSideEncryptionConfiguration>",
        "MalformedXML")]
    [InlineData("<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>ROT13</SSEAlgorithm>"
        + "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>", "MalformedXML")]
    [InlineData("<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
        + "<KMSMasterKeyID>first</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
        "InvalidArgument")]
    [InlineData("<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms:dsse</SSEAlgorithm>"
        + "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>", "NotImplemented")]
    public async Task What_is_not_understood_is_refused(string document, string error) => Assert.Equal(error, await _bench.FailAsync(
        S3Operation.PutBucketConfiguration, "", TextBody(document), "encryption"));

    private Task SetAsync(string setting, string more = "") => _bench.SendAsync(S3Operation.PutBucketConfiguration, "", TextBody(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>" + setting
        + "</ApplyServerSideEncryptionByDefault>" + more + "</Rule></ServerSideEncryptionConfiguration>"), "encryption");
}
