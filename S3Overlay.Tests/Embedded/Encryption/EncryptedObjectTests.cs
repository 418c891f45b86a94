using S3Overlay.Proxy.Embedded.Checking;
using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Embedded.Encryption.EncryptionBench;
using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded.Encryption;

/// <summary>Encrypted objects read as they were written, and no byte of them is on disk as it came.</summary>
public sealed class EncryptedObjectTests : IAsyncLifetime
{
    private EmbeddedBench _bench = null!;

    public static TheoryData<string, int, bool> Sizes
    {
        get
        {
            var rows = new TheoryData<string, int, bool>();
            foreach (var size in (int[])[0, 1, 13, 65_535, 65_536, 65_537, 262_144, 262_145, 524_288, 327_687, 3_000_000])
            {
                rows.Add("s3", size, true);
                rows.Add("c", size, true);
                rows.Add("kms", size, false);
            }

            return rows;
        }
    }

    public async Task InitializeAsync() => _bench = await EncryptionBench.OpenAsync();

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task What_is_written_is_read_whole_and_in_ranges(string way, int size, bool isLengthKnown)
    {
        var bytes = Bytes(size);
        S3Body body = isLengthKnown ? new BytesBody(bytes) : new EndlessBody(bytes);
        var put = await _bench.SendAsync(S3Operation.PutObject, "key", body, "", Write(way));
        Assert.Equal(way == "s3", put.Headers.ETag.ToString() == Md5(bytes));

        await _bench.ReopenAsync();
        Assert.Equal(bytes, await _bench.GetAsync("key", "", Read(way)));
        foreach (var (first, last) in ((int, int)[])[
            (0, 0), (65_530, 65_540), (65_535, 65_535), (65_536, 131_071), (1, size - 1), (size - 1, size)])
        {
            if (first >= 0 && first < size && last >= first)
            {
                var part = await _bench.GetAsync("key", "", [.. Read(way), ("Range", $"bytes={first}-{last}")]);
                Assert.Equal(bytes[first..Math.Min(last + 1, size)], part);
            }
        }

        var stored = _bench.Files("objects").Select(File.ReadAllBytes).ToList();
        for (var at = 0; at + 16 <= size; at += 60_000)
        {
            Assert.All(stored, file => Assert.Equal(-1, file.AsSpan().IndexOf(bytes.AsSpan(at, 16))));
        }
    }

    /// <summary>Two equal objects have nothing in common on disk: each has a key of its own.</summary>
    [Theory]
    [MemberData(nameof(Ways), MemberType = typeof(EncryptionBench))]
    public async Task Equal_objects_differ_on_disk(string way)
    {
        await _bench.PutAsync("one", new byte[100_000], Write(way));
        await _bench.PutAsync("two", new byte[100_000], Write(way));

        var files = _bench.Files("objects").Select(File.ReadAllBytes).ToList();
        var seen = new HashSet<string>();
        Assert.All(files, file => Assert.True(seen.Add(Convert.ToHexString(file.AsSpan(file.Length - 64)))));
        Assert.Equal(2, files.Count);
    }

    [Theory]
    [MemberData(nameof(Ways), MemberType = typeof(EncryptionBench))]
    public async Task Parts_are_encrypted_and_read_as_one_object(string way)
    {
        byte[][] parts = [Bytes(300_001, 1), Bytes(70_000, 2), Bytes(65_536, 3), Bytes(7, 4)];
        await WriteAsync(way, "key", parts);
        var whole = parts.SelectMany(static part => part).ToArray();

        await _bench.ReopenAsync();
        Assert.Equal(whole, await _bench.GetAsync("key", "", Read(way)));
        Assert.Equal(whole[299_990..370_010], await _bench.GetAsync("key", "", [.. Read(way), ("Range", "bytes=299990-370009")]));
        Assert.Equal(parts[1], await _bench.GetAsync("key", "partNumber=2", Read(way)));
        Assert.All(_bench.Files("objects").Select(File.ReadAllBytes),
            file => Assert.All(parts.Take(3), part => Assert.Equal(-1, file.AsSpan().IndexOf(part.AsSpan(100, 16)))));
    }

    /// <summary>The files alone are enough to find encrypted objects again; their keys are in them.</summary>
    [Theory]
    [MemberData(nameof(Ways), MemberType = typeof(EncryptionBench))]
    public async Task A_rebuild_keeps_encrypted_objects(string way)
    {
        await _bench.PutAsync("one", Bytes(100_000), Write(way));
        await WriteAsync(way, "parts", [Bytes(2000, 1), Bytes(3000, 2)]);
        var open = await StartAsync(way, "open");
        var tag = await PartAsync(way, "open", open, 1, Bytes(1500));

        await _bench.RebuildAsync();
        Assert.Equal(Bytes(100_000), await _bench.GetAsync("one", "", Read(way)));
        Assert.Equal(Bytes(2000, 1).Concat(Bytes(3000, 2)).ToArray(), await _bench.GetAsync("parts", "", Read(way)));
        await CompleteAsync("open", open, tag);
        Assert.Equal(Bytes(1500), await _bench.GetAsync("open", "", Read(way)));

        await using var killed = await _bench.AfterKillAsync();
        Assert.Equal(Bytes(1500), await killed.GetAsync("open", "", Read(way)));
    }

    /// <summary>Older versions keep their own keys.</summary>
    [Theory]
    [MemberData(nameof(Ways), MemberType = typeof(EncryptionBench))]
    public async Task Versions_keep_their_keys(string way)
    {
        await _bench.SendAsync(S3Operation.PutBucketConfiguration, "", TextBody(
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"), "versioning");
        var first = await _bench.SendAsync(S3Operation.PutObject, "key", new BytesBody([1, 2]), "", Write(way));
        await _bench.PutAsync("key", [3]);
        var id = first.Headers["x-amz-version-id"].ToString();

        await _bench.ReopenAsync();
        Assert.Equal([3], await _bench.GetAsync("key"));
        Assert.Equal([1, 2], await _bench.GetAsync("key", "versionId=" + id, Read(way)));
        await _bench.RebuildAsync();
        Assert.Equal([1, 2], await _bench.GetAsync("key", "versionId=" + id, Read(way)));
    }

    /// <summary>Without the server's key an object is an error. With it again, it is there.</summary>
    [Theory]
    [InlineData("s3", "InternalError")]
    [InlineData("kms", "KMS.NotFoundException")]
    public async Task A_lost_key_is_an_error_and_never_bytes(string way, string error)
    {
        await _bench.PutAsync("key", Bytes(1000), Write(way));
        await WriteAsync(way, "parts", [Bytes(2000)]);
        foreach (var keys in (ServerKeys[])[ServerKeys.None,
            new([Secret(8)], new Dictionary<string, byte[]> { ["first"] = Secret(9) })])
        {
            _bench.Keys = keys;
            await _bench.ReopenAsync();
            var expected = way == "kms" && keys != ServerKeys.None ? "InternalError" : error;
            Assert.Equal(expected, await _bench.FailAsync(S3Operation.GetObject, "key"));
            Assert.Equal(expected, await _bench.FailAsync(S3Operation.GetObject, "parts"));
            Assert.Contains("EncryptionKeyMissing", _bench.Log.Names);
        }

        // An older master key still decrypts.
        _bench.Keys = new([Secret(8), Secret(1)], new Dictionary<string, byte[]> { ["first"] = Secret(2) });
        await _bench.ReopenAsync();
        Assert.Equal(Bytes(1000), await _bench.GetAsync("key"));
        Assert.Equal(Bytes(2000), await _bench.GetAsync("parts"));
    }

    /// <summary>A check needs no key, and finds a flipped bit of the data and of the tags, also of a long file.</summary>
    [Theory]
    [InlineData(5000)]
    [InlineData(14_000_000)]
    public async Task A_check_needs_no_key(int size)
    {
        await _bench.PutAsync("key", Bytes(size), Write("c"));
        await WriteAsync("s3", "parts", [Bytes(2000)]);
        var file = _bench.Files("objects").MaxBy(static path => new FileInfo(path).Length)!;
        await _bench.CloseAsync();
        var options = _bench.Options() with { Keys = ServerKeys.None };
        var what = new CheckOptions { IsDeep = true };
        Assert.Empty((await StoreCheck.RunAsync(options, what, static _ => { }, default)).Problems);

        var bytes = File.ReadAllBytes(file);
        var preamble = FilePreamble.Read(bytes);
        foreach (var at in (long[])[
            preamble.DataOffset + size - 1, preamble.TableOffset + BlockChecksums.TableLengthOf(size) + BlockCipher.TagsLengthOf(size) - 1])
        {
            bytes[at] ^= 1;
            File.WriteAllBytes(file, bytes);
            Assert.Single((await StoreCheck.RunAsync(options, what, static _ => { }, default)).Problems);
            bytes[at] ^= 1;
        }

        File.WriteAllBytes(file, bytes);
    }

    [Fact]
    public async Task Checksums_are_of_the_plain_text_and_checked_before_it_is_encrypted()
    {
        var wrong = new S3Exception(S3Errors.BadDigest);
        Assert.Equal("BadDigest", await _bench.FailAsync(
            S3Operation.PutObject, "key", new BytesBody(Bytes(300_000)) { EndsWith = wrong }, "", Write("c")));
        Assert.Empty(_bench.Files("objects"));

        var put = await _bench.SendAsync(S3Operation.PutObject, "key", new BytesBody(Bytes(300_000)), "", Write("c"));
        await _bench.PutAsync("plain", Bytes(300_000));
        var plain = await _bench.SendAsync(S3Operation.HeadObject, "plain", null, "", ("x-amz-checksum-mode", "ENABLED"));
        Assert.Equal(plain.Headers["x-amz-checksum-crc64nvme"].ToString(), put.Headers["x-amz-checksum-crc64nvme"].ToString());
        Assert.NotEmpty(plain.Headers["x-amz-checksum-crc64nvme"].ToString());
    }

    [Theory]
    [InlineData("", "s3")]
    [InlineData("s3", "")]
    [InlineData("s3", "c")]
    [InlineData("c", "kms")]
    [InlineData("kms", "c")]
    [InlineData("c", "c")]
    [InlineData("kms", "s3")]
    public async Task A_copy_is_encrypted_anew(string from, string to)
    {
        var bytes = Bytes(200_000);
        await _bench.PutAsync("source", bytes, Write(from));
        var copy = await _bench.SendAsync(S3Operation.CopyObject, "copy", null, "",
            [("x-amz-copy-source", "bucket/source"), .. Source(from), .. Write(to)]);
        var id = await StartAsync(to, "part");
        var part = await _bench.SendAsync(S3Operation.UploadPartCopy, "part", null, $"uploadId={id}&partNumber=1",
            [("x-amz-copy-source", "bucket/source"), ("x-amz-copy-source-range", "bytes=65530-140000"), .. Source(from), .. Read(to)]);
        await CompleteAsync("part", id, Text(part, "ETag"));

        await _bench.DeleteAsync("source");
        Assert.Equal(bytes, await _bench.GetAsync("copy", "", Read(to)));
        Assert.Equal(bytes[65_530..140_001], await _bench.GetAsync("part", "", Read(to)));
        Assert.Equal(to is "" or "s3", Text(copy, "ETag") == Md5(bytes));
        var head = await _bench.SendAsync(S3Operation.HeadObject, "copy", null, "", Read(to));
        Assert.Equal(Write(to).Count(header => header.Name is not "x-amz-server-side-encryption-customer-key"),
            head.Headers.Count(static header => header.Key.StartsWith("x-amz-server-side-encryption", StringComparison.Ordinal)));
    }

    /// <summary>A copy onto itself may change how an object is encrypted.</summary>
    [Fact]
    public async Task An_object_is_encrypted_in_place()
    {
        await _bench.PutAsync("key", Bytes(70_000));
        await _bench.SendAsync(S3Operation.CopyObject, "key", null, "", [("x-amz-copy-source", "bucket/key"), .. Write("s3")]);
        Assert.Equal(Bytes(70_000), await _bench.GetAsync("key"));
        await _bench.Store.Files.DrainAsync();
        Assert.Equal(-1, File.ReadAllBytes(Assert.Single(_bench.Files("objects"))).AsSpan().IndexOf(Bytes(70_000).AsSpan(0, 16)));
    }

    private async Task WriteAsync(string way, string key, byte[][] parts)
    {
        var id = await StartAsync(way, key);
        var tags = new List<string>();
        foreach (var part in parts)
        {
            tags.Add(await PartAsync(way, key, id, tags.Count + 1, part));
        }

        await CompleteAsync(key, id, [.. tags]);
    }

    private async Task<string> StartAsync(string way, string key) =>
        Text(await _bench.SendAsync(S3Operation.CreateMultipartUpload, key, null, "uploads", Write(way)), "UploadId");

    private Task CompleteAsync(string key, string id, params string[] tags) =>
        _bench.SendAsync(S3Operation.CompleteMultipartUpload, key, MultipartTests.Named(tags), MultipartTests.Id(id));

    private async Task<string> PartAsync(string way, string key, string id, int number, byte[] bytes) =>
        (await _bench.SendAsync(S3Operation.UploadPart, key, new BytesBody(bytes), $"uploadId={id}&partNumber={number}", Read(way)))
            .Headers.ETag.ToString();

    /// <summary>A body that does not know its length, such as a form's.</summary>
    private sealed class EndlessBody(byte[] bytes) : S3Body
    {
        private readonly BytesBody _inner = new(bytes, 65_536);

        public override long? Length => null;

        public override long? LongestLength => 4_000_000;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            _inner.ReadAsync(buffer, cancellationToken);
    }
}
