using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Buckets;

/// <summary>Buckets and uploads of the overlay that need the real store.</summary>
public sealed class EmbeddedBucketTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private EmbeddedStore _store = null!;
    private OverlayBench _bench = null!;

    public async Task InitializeAsync() =>
        Open(await EmbeddedStore.OpenAsync(new EmbeddedOptions { Folder = _folder.Path, IsDurable = false }));

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task A_deleted_bucket_stays_hidden_over_a_restart_and_being_made_and_deleted_again()
    {
        _bench.Remote.Put("below", "key");
        await _bench.SendAsync(S3Operation.DeleteObject, "mapped", "key");
        Assert.Equal(204, (await _bench.SendAsync(S3Operation.DeleteBucket, "mapped")).Status);
        await ReopenAsync();
        Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.HeadBucket, "mapped")).Error);
        await _bench.SendAsync(S3Operation.CreateBucket, "mapped");
        Assert.Empty(await _bench.ListAsync("mapped"));
        Assert.Same(S3Errors.NoSuchKey, (await _bench.FailAsync(S3Operation.GetObject, "mapped", "key")).Error);
        Assert.Equal(204, (await _bench.SendAsync(S3Operation.DeleteBucket, "mapped")).Status);
        await ReopenAsync();
        Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.HeadBucket, "mapped")).Error);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task A_delete_stays_over_a_restart()
    {
        _bench.Remote.Put("below", "a");
        await _bench.SendAsync(S3Operation.DeleteObject, "mapped", "a");
        await ReopenAsync();
        Assert.Same(S3Errors.NoSuchKey, (await _bench.FailAsync(S3Operation.GetObject, "mapped", "a")).Error);
        Assert.Equal(["b", "key"], await _bench.ListAsync("mapped"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "W4")]
    public async Task An_upload_can_be_made_of_the_remotes_parts(bool hasChecksums)
    {
        _bench.Remote.Put("below", "key", "0123456789");
        var started = OverlayBench.Xml(await _bench.SendAsync(
            S3Operation.CreateMultipartUpload, "mapped", "big", query: "uploads", headers: hasChecksums
                ? [("x-amz-checksum-algorithm", "CRC32")] : []));
        var upload = "&uploadId=" + Value(started, "UploadId");
        var part = OverlayBench.Xml(await _bench.SendAsync(
            S3Operation.UploadPartCopy, "mapped", "big", "", "partNumber=1" + upload, ("x-amz-copy-source", "mapped/key"),
            ("x-amz-copy-source-range", "bytes=2-5")));
        var checksum = hasChecksums ? $"<ChecksumCRC32>{Value(part, "ChecksumCRC32")}</ChecksumCRC32>" : "";
        await _bench.SendAsync(
            S3Operation.CompleteMultipartUpload,
            "mapped",
            "big",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            + $"<ETag>{Value(part, "ETag").Replace("\"", "&quot;", StringComparison.Ordinal)}</ETag>{checksum}</Part>"
            + "</CompleteMultipartUpload>",
            upload[1..],
            ("If-None-Match", "*"));
        Assert.Equal("2345", await _bench.GetAsync("mapped", "big"));
        Assert.Equal(["big", "key"], await _bench.ListAsync("mapped"));
    }

    [Fact]
    [Trait("Rule", "W3")]
    public async Task Of_many_conditional_writers_one_wins()
    {
        var etag = _bench.Remote.Put("below", "key").ETag;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            try
            {
                return (await _bench.SendAsync(S3Operation.PutObject, "mapped", "key", $"writer {i}", headers: ("If-Match", etag))).Status;
            }
            catch (S3Exception lost)
            {
                return lost.Error.Status;
            }
        })));
        Assert.Single(outcomes, 200);
    }

    private static string Value(System.Xml.Linq.XElement document, string name) =>
        document.Descendants().Single(element => element.Name.LocalName == name).Value;

    private async Task ReopenAsync()
    {
        await _store.DisposeAsync();
        Open(await EmbeddedStore.OpenAsync(new EmbeddedOptions { Folder = _folder.Path, IsDurable = false }));

        // The remote has its keys still, the deleted ones among them.
        foreach (var key in (string[])["a", "b", "key"])
        {
            _bench.Remote.Put("below", key);
        }
    }

    private void Open(EmbeddedStore store)
    {
        _store = store;
        _bench = new OverlayBench { HasRealReader = true, Store = store };
        _bench.Remote.AddBucket("below");
    }
}
