using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

public sealed class CopyTests
{
    private const string Bucket = "mapped";
    private const string Directive = "x-amz-object-annotation-directive";

    private readonly OverlayBench _bench = new();

    [Theory]
    [InlineData("mapped")]
    [InlineData("plain")]
    [Trait("Rule", "W4")]
    public async Task A_copy_from_the_remote_has_its_bytes_and_metadata(string target)
    {
        await _bench.SendAsync(S3Operation.CreateBucket, "plain");
        _bench.Remote.Put("below", "a b/ü", "the bytes", ("Content-Type", "text/x"), ("x-amz-meta-m", "1"),
            ("x-amz-storage-class", "GLACIER_IR"));
        var response = await _bench.SendAsync(
            S3Operation.CopyObject, target, "copy", headers: ("x-amz-copy-source", "/mapped/a%20b/%C3%BC"));
        var result = OverlayBench.Xml(response);
        Assert.Equal("CopyObjectResult", result.Name.LocalName);
        Assert.Equal("the bytes", _bench.Local.Text(target, "copy"));
        var copy = _bench.Layer.Find(target, "copy")!;
        Assert.Equal(copy.ETag, result.Elements().Single(element => element.Name.LocalName == "ETag").Value);
        Assert.Equal("2026-02-03T04:05:06.000Z", result.Elements().Single(element => element.Name.LocalName == "LastModified").Value);
        Assert.Equal(("text/x", "1", null), (copy.Header("Content-Type"), copy.Header("x-amz-meta-m"), copy.Header("x-amz-storage-class")));
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task A_copy_that_replaces_metadata_has_only_the_clients()
    {
        _bench.Remote.Put("below", "key", "the bytes", ("Content-Type", "text/x"), ("x-amz-meta-m", "1"));
        await CopyAsync("key", "key", ("x-amz-metadata-directive", "REPLACE"), ("Content-Type", "text/y"), ("x-amz-meta-n", "2"));
        var copy = _bench.Layer.Find(Bucket, "key")!;
        Assert.Equal(("text/y", null, "2"), (copy.Header("Content-Type"), copy.Header("x-amz-meta-m"), copy.Header("x-amz-meta-n")));
        Assert.Equal("the bytes", await _bench.GetAsync(Bucket, "key"));
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task A_copy_onto_itself_that_changes_nothing_is_refused()
    {
        _bench.Remote.Put("below", "key");
        Assert.Same(S3Errors.InvalidRequest, (await FailAsync("key", "key")).Error);
        Assert.Same(S3Errors.InvalidArgument, (await FailAsync("key", "other", ("x-amz-metadata-directive", "WHATEVER"))).Error);
        Assert.Equal(KeyState.Nothing, await _bench.Layer.ResolveAsync(Bucket, "key", default));
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task A_copy_of_what_was_deleted_or_never_was_is_404()
    {
        _bench.Remote.Put("below", "deleted");
        await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "deleted");
        Assert.Same(S3Errors.NoSuchKey, (await FailAsync("deleted", "copy")).Error);
        Assert.Same(S3Errors.NoSuchKey, (await FailAsync("absent", "copy")).Error);
        Assert.Same(
            S3Errors.NoSuchBucket,
            (await _bench.FailAsync(S3Operation.CopyObject, Bucket, "copy", headers: ("x-amz-copy-source", "nobodys/key"))).Error);
    }

    [Fact]
    [Trait("Rule", "W4")]
    [Trait("Rule", "B4")]
    public async Task A_copy_of_what_was_deleted_is_refused_while_its_bucket_is_deleted_too()
    {
        _bench.Remote.AddBucket("deleted");
        _bench.Remote.Put("deleted", "key");
        await _bench.SendAsync(S3Operation.DeleteObject, "deleted", "key");
        _bench.Layer.OnResolve = key => _bench.Layer.DeleteBucketAsync("deleted", default);
        var failure = await _bench.FailAsync(
            S3Operation.CopyObject, Bucket, "copy", headers: ("x-amz-copy-source", "deleted/key"));
        Assert.Equal(404, failure.Error.Status);
    }

    [Theory]
    [InlineData("x-amz-copy-source-if-match", "\"wrong\"")]
    [InlineData("x-amz-copy-source-if-none-match", "*")]
    [InlineData("x-amz-copy-source-if-modified-since", "Wed, 01 Jan 2025 00:00:00 GMT")]
    [InlineData("x-amz-copy-source-if-unmodified-since", "Sun, 01 Jan 2023 00:00:00 GMT")]
    [Trait("Rule", "W4")]
    public async Task A_condition_on_the_source_that_fails_is_412_and_makes_nothing(string header, string value)
    {
        _bench.Remote.Put("below", "key");
        Assert.Same(S3Errors.PreconditionFailed, (await FailAsync("key", "copy", (header, value))).Error);
        Assert.False((await _bench.Layer.ResolveBucketAsync(Bucket, default)).Exists);
    }

    [Fact]
    [Trait("Rule", "W3")]
    public async Task A_condition_on_the_target_applies_to_what_clients_see()
    {
        _bench.Remote.Put("below", "key");
        var taken = _bench.Remote.Put("below", "taken", "taken").ETag;
        Assert.Same(S3Errors.PreconditionFailed, (await FailAsync("key", "taken", ("If-None-Match", "*"))).Error);
        await CopyAsync("key", "taken", ("If-Match", taken));
        Assert.Equal("remote", await _bench.GetAsync(Bucket, "taken"));
        await CopyAsync("taken", "free", ("If-None-Match", "*"));
        Assert.Equal("remote", await _bench.GetAsync(Bucket, "free"));
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task A_copy_of_a_written_object_is_made_by_the_local_layer()
    {
        _bench.Remote.Put("below", "key");
        await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", "written");
        await CopyAsync("key", "copy");
        Assert.Equal("written", await _bench.GetAsync(Bucket, "copy"));
        Assert.Equal(S3Operation.CopyObject, _bench.Local.Requests.ElementAt(1).Operation);
        Assert.Equal(0, _bench.Remote.Calls);
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task A_part_is_copied_from_the_remote_by_range()
    {
        _bench.Remote.Put("below", "key", "0123456789");
        await _bench.Layer.EnsureBucketAsync(Bucket, default);
        var response = await _bench.SendAsync(
            S3Operation.UploadPartCopy, Bucket, "big", "", "partNumber=3&uploadId=u", ("x-amz-copy-source", "mapped/key"),
            ("x-amz-copy-source-range", "bytes=2-5"));
        Assert.Equal("CopyPartResult", OverlayBench.Xml(response).Name.LocalName);
        Assert.Equal("2345", _bench.Local.Text("parts", "3"));
        foreach (var range in (string[])["bytes=2-", "bytes=-3", "bytes=5-10", "2-5"])
        {
            var failure = await _bench.FailAsync(
                S3Operation.UploadPartCopy, Bucket, "big", "", "partNumber=3&uploadId=u", ("x-amz-copy-source", "mapped/key"),
                ("x-amz-copy-source-range", range));
            Assert.Same(S3Errors.InvalidArgument, failure.Error);
        }
    }

    [Theory]
    [InlineData("mapped")]
    [InlineData("plain")]
    [Trait("Rule", "F")]
    public async Task A_copy_from_a_remote_out_of_reach_is_503(string target)
    {
        await _bench.SendAsync(S3Operation.CreateBucket, "plain");
        _bench.Remote.Failure = new RemoteException(RemoteFailure.Unavailable, "down");
        var failure = await _bench.FailAsync(S3Operation.CopyObject, target, "copy", headers: ("x-amz-copy-source", "mapped/key"));
        Assert.Same(S3Errors.ServiceUnavailable, failure.Error);
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task Tags_are_copied_unless_the_client_gives_its_own()
    {
        _bench.Remote.Put("below", "key", "bytes", ("x-amz-tagging-count", "1"));
        _bench.Remote.Tagging = "<Tagging><TagSet><Tag><Key>a b</Key><Value>1&amp;2</Value></Tag></TagSet></Tagging>";
        await CopyAsync("key", "copy");
        Assert.Equal("a%20b=1%262", _bench.Layer.Find(Bucket, "copy")!.Header("x-amz-tagging"));
        await CopyAsync("key", "other", ("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", "c=d"));
        Assert.Equal("c=d", _bench.Layer.Find(Bucket, "other")!.Header("x-amz-tagging"));
    }

    /// <summary>A copy that silently lacks the requested annotations would look complete.</summary>
    [Theory]
    [Trait("Rule", "W4")]
    [InlineData("header")]
    [InlineData("query")]
    public async Task Annotations_are_not_copied_from_the_remote_and_a_client_that_insists_gets_an_error(string place)
    {
        _bench.Remote.Put("below", "key");
        var refused = await _bench.FailAsync(S3Operation.CopyObject, Bucket, "copy", query: place == "query" ? Directive + "=COPY"
            : "", headers: InHeader("COPY"));
        Assert.Same(S3Errors.NotImplemented, refused.Error);
        Assert.Equal(KeyState.Nothing, await _bench.Layer.ResolveAsync(Bucket, "copy", default));
        await _bench.SendAsync(S3Operation.CopyObject, Bucket, "copy", query: place == "query" ? Directive + "=EXCLUDE"
            : "", headers: InHeader("EXCLUDE"));
        Assert.Equal("remote", await _bench.GetAsync(Bucket, "copy"));

        // The local layer copies its own objects with everything that belongs to them.
        await _bench.SendAsync(S3Operation.CopyObject, Bucket, "again",
            headers: [("x-amz-copy-source", $"{Bucket}/copy"), (Directive, "COPY")]);
        Assert.Equal("remote", await _bench.GetAsync(Bucket, "again"));

        (string, string)[] InHeader(string value) =>
            [("x-amz-copy-source", $"{Bucket}/key"), .. place == "header" ? [(Directive, value)] : Array.Empty<(string, string)>()];
    }

    [Fact]
    [Trait("Rule", "V1")]
    public async Task A_version_of_the_remotes_is_copied_from_there()
    {
        _bench.Remote.Put("below", "key", "bytes", ("x-amz-version-id", "v 1"));
        var response = await CopyAsync("key?versionId=v 1", "copy");
        Assert.Equal("v 1", response.Headers["x-amz-copy-source-version-id"]);
        Assert.Equal("bytes", await _bench.GetAsync(Bucket, "copy"));
        Assert.Equal(["tagging&versionId=v%201", "versionId=v%201"], _bench.Remote.Gets.Select(static read => read.Query));
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task A_copy_brings_the_checksum_that_was_asked_for()
    {
        _bench.Remote.Put("below", "key", "123456789");
        var result = OverlayBench.Xml(await CopyAsync("key", "copy", ("x-amz-checksum-algorithm", "CRC32")));
        Assert.Equal("y/Q5Jg==", result.Elements().Single(element => element.Name.LocalName == "ChecksumCRC32").Value);
        Assert.Same(S3Errors.InvalidRequest, (await FailAsync("key", "copy", ("x-amz-checksum-algorithm", "CRC7"))).Error);
    }

    [Theory]
    [Trait("Rule", "W4")]
    [InlineData(ChecksumAlgorithm.Crc32, "y/Q5Jg==")]
    [InlineData(ChecksumAlgorithm.XxHash64, "jLhB20DmroM=")]
    public async Task A_copy_has_the_checksum_of_its_source(ChecksumAlgorithm algorithm, string expected)
    {
        _bench.Remote.Put("below", "key", "123456789");
        _bench.Remote.Promise("below", "key", new(algorithm, expected));
        var result = OverlayBench.Xml(await CopyAsync("key", "copy"));
        Assert.Equal(expected, result.Elements().SingleOrDefault(element => element.Name.LocalName
            .StartsWith("Checksum", StringComparison.Ordinal) && element.Name.LocalName != "ChecksumType")?.Value);
        Assert.Equal("123456789", await _bench.GetAsync(Bucket, "copy"));
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task A_part_copied_into_an_upload_with_checksums_brings_its_own()
    {
        _bench.Remote.Put("below", "key", "123456789");
        await _bench.Layer.EnsureBucketAsync(Bucket, default);
        _bench.Local.UploadAlgorithm = ChecksumAlgorithm.Crc32;
        var result = OverlayBench.Xml(await _bench.SendAsync(
            S3Operation.UploadPartCopy, Bucket, "big", "", "partNumber=1&uploadId=u", ("x-amz-copy-source", "mapped/key")));
        Assert.Equal("y/Q5Jg==", result.Elements().Single(element => element.Name.LocalName == "ChecksumCRC32").Value);
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task An_empty_object_is_copied_too()
    {
        _bench.Remote.Put("below", "key", "");
        await CopyAsync("key", "copy");
        Assert.Equal("", await _bench.GetAsync(Bucket, "copy"));
    }

    private Task<BufferedResponse> CopyAsync(string from, string to, params (string Name, string Value)[] headers) =>
        _bench.SendAsync(S3Operation.CopyObject, Bucket, to, headers: [("x-amz-copy-source", $"{Bucket}/{from}"), .. headers]);

    private Task<S3Exception> FailAsync(string from, string to, params (string Name, string Value)[] headers) =>
        _bench.FailAsync(S3Operation.CopyObject, Bucket, to, headers: [("x-amz-copy-source", $"{Bucket}/{from}"), .. headers]);
}
