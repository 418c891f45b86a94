using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>An upload without a checksum gets one, as in S3 since December 2024: CRC64NVME over all bytes.</summary>
[Trait("Rule", "W7")]
public sealed class DefaultChecksumTests : IAsyncLifetime
{
    private const string Header = "x-amz-checksum-crc64nvme";

    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync() => _bench = await OpenAsync();

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    [InlineData(600_000)]
    public async Task An_object_is_shown_with_it(int size)
    {
        var value = Sum(Bytes(size));
        var put = await _bench.SendAsync(S3Operation.PutObject, "key", new BytesBody(Bytes(size)));
        Assert.Equal((value, "FULL_OBJECT"), (put.Headers[Header].ToString(), put.Headers["x-amz-checksum-type"].ToString()));
        await ShowsAsync("key", value);
        await _bench.RebuildAsync();
        await ShowsAsync("key", value);
        Assert.Equal("CRC64NVME", Text(await _bench.SendAsync(S3Operation.ListObjectsV2, ""), "ChecksumAlgorithm"));
        var attributes = await _bench.SendAsync(S3Operation.GetObjectAttributes, "key", null, "attributes",
            ("x-amz-object-attributes", "Checksum"));
        Assert.Equal((value, "FULL_OBJECT"), (Text(attributes, "ChecksumCRC64NVME"), Text(attributes, "ChecksumType")));
        Assert.False((await _bench.SendAsync(S3Operation.HeadObject, "key")).Headers.ContainsKey(Header));
    }

    [Fact]
    public async Task An_object_with_another_checksum_keeps_only_that()
    {
        var own = ChecksumHasher.Compute(ChecksumAlgorithm.Crc32, Bytes(10));
        await _bench.SendAsync(S3Operation.PutObject, "key", new SummedBody(new BytesBody(Bytes(10)), ChecksumAlgorithm.Crc32));
        var head = await HeadAsync("key");
        Assert.Equal(own.Value, head.Headers["x-amz-checksum-crc32"].ToString());
        Assert.False(head.Headers.ContainsKey(Header));
    }

    [Fact]
    public async Task A_copy_has_it_too()
    {
        await _bench.PutAsync("source", Bytes(5000));
        await CopyAsync("source", "copy");
        await ShowsAsync("copy", Sum(Bytes(5000)));

        // Objects from before there was a default have none.
        await PutWithoutAsync("old");
        await CopyAsync("old", "of old");
        await ShowsAsync("of old", Sum(Bytes(5000)));

        async Task CopyAsync(string from, string to)
        {
            var response = await _bench.SendAsync(S3Operation.CopyObject, to, null, "", ("x-amz-copy-source", $"{Bucket}/{from}"));
            Assert.Equal((Sum(Bytes(5000)), "FULL_OBJECT"), (Text(response, "ChecksumCRC64NVME"), Text(response, "ChecksumType")));
        }
    }

    [Fact]
    public async Task A_copy_of_a_remote_object_has_it_and_a_cache_entry_does_not()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "key", Bytes(5000));
        await using var host = await OverlayHost.StartOnDiskAsync(new StoreDisk(isDurable: false), remote.Endpoint);
        var copied = await host.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "bucket/key"));
        Assert.Contains(
            $"<ChecksumCRC64NVME>{Sum(Bytes(5000))}</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType>", copied.Text,
            StringComparison.Ordinal);
        for (var i = 0; i < 2; i++)
        {
            var read = await host.SendAsync("GET", "/bucket/key", null, ("x-amz-checksum-mode", "ENABLED"));
            Assert.Equal(200, read.Status);
            Assert.DoesNotContain(read.Headers.Keys, static name => name.StartsWith("x-amz-checksum", StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>Clients see the remote's headers of it, and no others (rule W5).</summary>
    [Fact]
    public async Task What_was_the_remotes_gets_none()
    {
        await PutWithoutAsync("key");
        Assert.DoesNotContain((await HeadAsync("key")).Headers.Keys, static name => name
            .StartsWith("x-amz-checksum", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The whole has it, made of the parts'; they are shown without, as in S3.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_object_of_parts_has_it_over_the_whole(bool isRebuilt)
    {
        var (first, second, third) = (Bytes(600_000, 1), Bytes(5000, 2), Bytes(10, 3));
        await _bench.PutAsync("source", second);
        var upload = await MultipartTests.StartAsync(_bench);
        var tags = new string[3];
        var part = await _bench.SendAsync(S3Operation.UploadPart, "key", new BytesBody(first), $"partNumber=1&{MultipartTests.Id(upload)}");
        Assert.False(part.Headers.ContainsKey(Header));
        tags[0] = part.Headers.ETag.ToString();
        var copied = await _bench.SendAsync(
            S3Operation.UploadPartCopy, "key", null, $"partNumber=2&{MultipartTests.Id(upload)}",
            ("x-amz-copy-source", $"{Bucket}/source"));
        Assert.DoesNotContain("Checksum", Encoded(copied), StringComparison.Ordinal);
        tags[1] = Text(copied, "ETag");
        var own = await _bench.SendAsync(
            S3Operation.UploadPart, "key", new SummedBody(new BytesBody(third), ChecksumAlgorithm.Crc32),
            $"partNumber=3&{MultipartTests.Id(upload)}");
        Assert.False(own.Headers.ContainsKey(Header));
        tags[2] = own.Headers.ETag.ToString();
        if (isRebuilt)
        {
            await _bench.RebuildAsync();
        }

        var listed = Encoded(await _bench.SendAsync(S3Operation.ListParts, "key", null, MultipartTests.Id(upload)));
        Assert.DoesNotContain("CRC64NVME", listed, StringComparison.Ordinal);
        Assert.Contains("<ChecksumCRC32>", listed, StringComparison.Ordinal);

        byte[] whole = [.. first, .. second, .. third];
        for (var again = 0; again < 2; again++)
        {
            var done = await MultipartTests.CompleteAsync(_bench, upload, tags);
            Assert.Equal((Sum(whole), "FULL_OBJECT"), (Text(done, "ChecksumCRC64NVME"), Text(done, "ChecksumType")));
        }

        await ShowsAsync("key", Sum(whole));
        Assert.Equal(whole, await _bench.GetAsync("key"));
        await _bench.RebuildAsync();
        await ShowsAsync("key", Sum(whole));

        // S3 has no checksum for a single one of several parts.
        var one = await _bench.SendAsync(S3Operation.GetObject, "key", null, "partNumber=2", ("x-amz-checksum-mode", "ENABLED"));
        Assert.False(one.Headers.ContainsKey(Header));
    }

    private static string Sum(byte[] bytes) => ChecksumHasher.Compute(ChecksumAlgorithm.Crc64Nvme, bytes).Value;

    private static string Encoded(BufferedResponse response) => System.Text.Encoding.UTF8.GetString(response.Content.Span);

    private Task<BufferedResponse> HeadAsync(string key) =>
        _bench.SendAsync(S3Operation.HeadObject, key, null, "", ("x-amz-checksum-mode", "ENABLED"));

    private async Task ShowsAsync(string key, string value)
    {
        var head = await HeadAsync(key);
        Assert.Equal((value, "FULL_OBJECT"), (head.Headers[Header].ToString(), head.Headers["x-amz-checksum-type"].ToString()));
        var get = await _bench.SendAsync(S3Operation.GetObject, key, null, "", ("x-amz-checksum-mode", "ENABLED"));
        Assert.Equal((value, "FULL_OBJECT"), (get.Headers[Header].ToString(), get.Headers["x-amz-checksum-type"].ToString()));
    }

    /// <summary>As in a copy-up from a remote without checksums.</summary>
    private Task PutWithoutAsync(string key) => _bench.Service.HandleAsync(
        new OverlayPut(Request(S3Operation.PutObject, key, new BytesBody(Bytes(5000)), ""))
        {
            CopiedUp = new ObjectInfo { Size = 5000, ETag = Md5(Bytes(5000)), LastModified = _bench.Time.GetUtcNow() },
        },
        new BufferedResponse(),
        default);
}
