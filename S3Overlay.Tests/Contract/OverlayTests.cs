using System.Net;
using System.Text;

using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract;

/// <summary>The overlay as its users see it: AWS's SDK on both sides, and another server as the remote.</summary>
public abstract class OverlayTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : OverlayFixture
{
    private readonly AmazonS3Client _s3 = fixture.S3;
    private readonly AmazonS3Client _remote = fixture.RemoteS3;

    [Fact]
    [Trait("Rule", "R3")]
    public async Task A_remote_object_is_read_through_and_then_cached()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "remote" });
        var http = new SignedHttp(fixture.Proxy.Endpoint);
        var cold = await http.SendAsync("GET", $"/{bucket}/k");
        Assert.Equal(("remote", "remote", "MISS"), (cold.Text, cold.Headers["x-s3overlay-layer"], cold.Headers["x-cache"]));
        var warm = await http.SendAsync("GET", $"/{bucket}/k");
        Assert.Equal(("remote", "cache", "HIT"), (warm.Text, warm.Headers["x-s3overlay-layer"], warm.Headers["x-cache"]));
        Assert.True(int.Parse(warm.Headers["age"], System.Globalization.CultureInfo.InvariantCulture) >= 0);
    }

    [Fact]
    [Trait("Rule", "S3")]
    public async Task Only_if_cached_is_satisfied_by_what_is_here()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        foreach (var key in (string[])["held", "written", "deleted", "remote"])
        {
            await _remote.PutObjectAsync(new() { BucketName = bucket, Key = key, ContentBody = "remote" });
        }

        var http = new SignedHttp(fixture.Proxy.Endpoint);
        await http.SendAsync("GET", $"/{bucket}/held");
        await http.SendAsync("PUT", $"/{bucket}/written", "written"u8.ToArray());
        await http.SendAsync("DELETE", $"/{bucket}/deleted");

        Assert.Equal((200, "remote"), await SayAsync("held", "only-if-cached"));
        Assert.Equal((200, "written"), await SayAsync("written", "only-if-cached"));
        Assert.Equal((200, "written"), await SayAsync("written", "no-store"));
        foreach (var said in (string[])["only-if-cached", "no-store", "no-cache"])
        {
            Assert.Equal(404, (await http.SendAsync("GET", $"/{bucket}/deleted", null, ("Cache-Control", said))).Status);
        }

        var missing = await http.SendAsync("GET", $"/{bucket}/remote", null, ("Cache-Control", "only-if-cached"));
        Assert.Equal(504, missing.Status);
        Assert.Contains("<Code>GatewayTimeout</Code>", missing.Text, StringComparison.Ordinal);
        Assert.Equal("BYPASS", (await http.SendAsync("GET", $"/{bucket}/held", null, ("Cache-Control", "no-store"))).Headers["x-cache"]);
        Assert.Equal(
            "REVALIDATED", (await http.SendAsync("GET", $"/{bucket}/held", null, ("Cache-Control", "no-cache"))).Headers["x-cache"]);

        async Task<(int Status, string Text)> SayAsync(string key, string said)
        {
            var response = await http.SendAsync("GET", $"/{bucket}/{key}", null, ("Cache-Control", said));
            return (response.Status, response.Text);
        }
    }

    [Fact]
    [Trait("Rule", "T1")]
    public async Task A_remote_object_looks_the_same_before_and_after_it_is_cached()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        var put = new PutObjectRequest { BucketName = bucket, Key = "k", ContentBody = "v", ContentType = "application/x-test",
            ChecksumAlgorithm = ChecksumAlgorithm.SHA256 };
        put.Headers.CacheControl = "no-cache";
        put.Headers.ContentDisposition = "inline";
        put.Metadata["colour"] = "blue";
        await _remote.PutObjectAsync(put);
        var direct = await SeenAsync(_remote, bucket);
        var cold = await SeenAsync(_s3, bucket);
        var warm = await SeenAsync(_s3, bucket);
        Assert.Equal(direct, cold);
        Assert.Equal(direct, warm);
    }

    [Fact]
    [Trait("Rule", "T1")]
    [Trait("Rule", "W4")]
    public async Task Checksums_are_the_same_after_a_cold_range_and_go_with_a_copy()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        var put = await _remote.PutObjectAsync(
            new() { BucketName = bucket, Key = "k", ContentBody = new string('x', 1000), ChecksumAlgorithm = ChecksumAlgorithm.SHA256 });
        var range = new GetObjectRequest { BucketName = bucket, Key = "k", ByteRange = new("bytes=10-19") };
        Assert.Equal("xxxxxxxxxx", await TextAsync(await _s3.GetObjectAsync(range)));
        await _s3.CopyObjectAsync(bucket, "k", bucket, "copy");

        // A store without checksums says so when it is written to.
        var direct = await _remote.GetObjectMetadataAsync(new() { BucketName = bucket, Key = "k", ChecksumMode = ChecksumMode.ENABLED });
        Assert.Equal((put.ChecksumSHA256, put.ChecksumSHA256 is null ? null : ChecksumType.FULL_OBJECT),
            (direct.ChecksumSHA256, direct.ChecksumType));
        foreach (var key in (string[])["k", "copy"])
        {
            var head = await _s3.GetObjectMetadataAsync(new() { BucketName = bucket, Key = key, ChecksumMode = ChecksumMode.ENABLED });
            Assert.Equal((direct.ChecksumSHA256, direct.ChecksumType), (head.ChecksumSHA256, head.ChecksumType));
        }
    }

    [Fact]
    [Trait("Rule", "L1")]
    [Trait("Rule", "V3")]
    public async Task Versions_and_uploads_continue_after_a_key_that_is_shorter_than_the_delimiter()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        foreach (var key in (string[])["a", "ab", "ac"])
        {
            await _s3.PutObjectAsync(new() { BucketName = bucket, Key = key, ContentBody = "v" });
            await _s3.InitiateMultipartUploadAsync(new() { BucketName = bucket, Key = key });
        }

        var versions = await _s3.ListVersionsAsync(new ListVersionsRequest { BucketName = bucket, Delimiter = "--", KeyMarker = "a" });
        Assert.Equal(["ab", "ac"], versions.Versions.Select(version => version.Key));
        var uploads =
            await _s3.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket, Delimiter = "--", KeyMarker = "a" });
        Assert.Equal(UploadsBehindA, uploads.MultipartUploads.Select(upload => upload.Key));
    }

    /// <summary>The uploads of the keys a, ab and ac that a store lists after the marker a.</summary>
    protected virtual string[] UploadsBehindA => ["ab", "ac"];

    [Fact]
    [Trait("Rule", "T4")]
    public async Task Responses_name_their_layer_and_the_cache_result()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "remote" });
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "mine", ContentBody = "mine" });
        var http = new SignedHttp(fixture.Proxy.Endpoint);
        Assert.Equal(("local", null, false), await OriginAsync("GET", "mine"));
        Assert.Equal(("local", null, false), await OriginAsync("HEAD", "mine"));
        Assert.Equal(("local", null, false), await OriginAsync("GET", "mine", ("Range", "bytes=0-1")));
        Assert.Equal(("remote", "BYPASS", true), await OriginAsync("GET", "k", ("Cache-Control", "no-store")));
        Assert.Equal(("remote", "MISS", true), await OriginAsync("HEAD", "k"));
        Assert.Equal(("remote", "MISS", true), await OriginAsync("GET", "k"));
        Assert.Equal(("cache", "HIT", true), await OriginAsync("GET", "k"));
        Assert.Equal(("cache", "HIT", true), await OriginAsync("GET", "k", ("Range", "bytes=0-1")));
        Assert.Equal(("cache", "HIT", true), await OriginAsync("HEAD", "k"));
        Assert.Equal(("cache", "REVALIDATED", true), await OriginAsync("GET", "k", ("Cache-Control", "no-cache")));
        await _s3.DeleteObjectAsync(bucket, "k");
        Assert.Equal(("local", null, false), await OriginAsync("GET", "k"));

        async Task<(string? Layer, string? Cache, bool HasAge)> OriginAsync(
            string method, string key, params (string Name, string Value)[] headers)
        {
            var response = await http.SendAsync(method, $"/{bucket}/{key}", null, headers);
            return (response.Headers.GetValueOrDefault("x-s3overlay-layer"), response.Headers.GetValueOrDefault("x-cache"),
                response.Headers.ContainsKey("age"));
        }
    }

    [Fact]
    [Trait("Rule", "R1")]
    [Trait("Rule", "W1")]
    public async Task A_local_write_wins_and_the_remote_keeps_its_own()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "remote" });
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "local" });
        using var mine = await _s3.GetObjectAsync(bucket, "k");
        using var theirs = await _remote.GetObjectAsync(bucket, "k");
        Assert.Equal("local", await TextAsync(mine));
        Assert.Equal("remote", await TextAsync(theirs));
    }

    [Fact]
    [Trait("Rule", "D1")]
    [Trait("Rule", "R2")]
    public async Task A_delete_stays_also_after_a_restart_and_when_the_remote_gets_the_key_again()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "remote" });
        await fixture.S3.DeleteObjectAsync(bucket, "k");
        await Assert.ThrowsAsync<NoSuchKeyException>(() => fixture.S3.GetObjectAsync(bucket, "k"));
        Assert.Empty((await fixture.S3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects ?? []);
        await fixture.RestartAsync();
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "again" });
        await Assert.ThrowsAsync<NoSuchKeyException>(() => fixture.S3.GetObjectAsync(bucket, "k"));
        Assert.Equal("again", await TextAsync(await _remote.GetObjectAsync(bucket, "k")));
        await fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "mine" });
        Assert.Equal("mine", await TextAsync(await fixture.S3.GetObjectAsync(bucket, "k")));
    }

    [Fact]
    [Trait("Rule", "L1")]
    public async Task Listings_show_both_layers_as_one()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        foreach (var key in AwkwardKeys.All)
        {
            await _remote.PutObjectAsync(new() { BucketName = bucket, Key = key, ContentBody = "remote" });
        }

        await fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "a/new", ContentBody = "local" });
        await fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "a/b", ContentBody = "local, longer" });
        await fixture.S3.DeleteObjectAsync(bucket, "100%");
        var expected = AwkwardKeys.All.Append("a/new").Where(k => k != "100%").Order(S3Overlay.Proxy.Protocol.Listings.Utf8Order.Instance)
            .ToList();
        for (var pageSize = 1; pageSize <= expected.Count; pageSize += 6)
        {
            Assert.Equal(expected, await KeysAsync(bucket, pageSize));
        }

        var changed = (await fixture.S3.ListObjectsV2Async(new() { BucketName = bucket, Prefix = "a/b" })).S3Objects.First();
        Assert.Equal("local, longer".Length, changed.Size);
    }

    [Fact]
    [Trait("Rule", "V3")]
    public async Task Each_key_is_its_one_version_in_a_bucket_that_keeps_none()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        foreach (var key in (string[])["a", "dir/b", "dir/c", "gone", "held"])
        {
            await _remote.PutObjectAsync(new() { BucketName = bucket, Key = key, ContentBody = "remote" });
        }

        Assert.Equal(["a", "dir/b", "dir/c", "gone", "held"], await VersionsAsync(bucket, 2));
        using var held = await _s3.GetObjectAsync(bucket, "held");
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "dir/b", ContentBody = "local" });
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "new", ContentBody = "local" });
        await _s3.DeleteObjectAsync(bucket, "gone");
        Assert.Equal(["a", "dir/b", "dir/c", "held", "new"], await VersionsAsync(bucket, 1));
        Assert.Equal(["a", "dir/b", "dir/c", "held", "new"], await VersionsAsync(bucket, 1000));
        var folders = await _s3.ListVersionsAsync(new ListVersionsRequest { BucketName = bucket, Delimiter = "/" });
        Assert.Equal("dir/", Assert.Single(folders.CommonPrefixes));
        Assert.Equal(["a", "held", "new"], folders.Versions.Select(version => version.Key));
    }

    [Theory]
    [MemberData(nameof(AwkwardKeys.Indexes), MemberType = typeof(AwkwardKeys))]
    [Trait("Rule", "R3")]
    [QuickRows(16)]
    public async Task Any_remote_key_is_read_whole_and_in_part(int index)
    {
        var key = AwkwardKeys.All[index];
        var bucket = await fixture.NewRemoteBucketAsync();
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = key, ContentBody = "0123456789" });
        using var part = await fixture.S3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = key, ByteRange = new(3, 5) });
        Assert.Equal(HttpStatusCode.PartialContent, part.HttpStatusCode);
        Assert.Equal("345", await TextAsync(part));
        using var whole = await fixture.S3.GetObjectAsync(bucket, key);
        Assert.Equal("0123456789", await TextAsync(whole));
        Assert.Equal(10, (await fixture.S3.GetObjectMetadataAsync(bucket, key)).ContentLength);
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task A_copy_reads_its_source_from_the_merged_view()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        var put = new PutObjectRequest { BucketName = bucket, Key = "source", ContentBody = "remote", ContentType = "text/x-test" };
        put.Metadata["colour"] = "blue";
        await _remote.PutObjectAsync(put);
        await fixture.S3.CopyObjectAsync(bucket, "source", bucket, "target");
        using var target = await fixture.S3.GetObjectAsync(bucket, "target");
        Assert.Equal(("remote", "text/x-test", "blue"), (await TextAsync(target), target.Headers.ContentType, target.Metadata["colour"]));
        await fixture.S3.DeleteObjectAsync(bucket, "source");
        Assert.Equal("NoSuchKey",
            (await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => fixture.S3.CopyObjectAsync(bucket, "source", bucket, "t2"))).ErrorCode);
    }

    [Fact]
    [Trait("Rule", "W3")]
    public async Task Conditional_writes_apply_to_the_merged_view()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        var etag = (await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "remote" })).ETag;
        Assert.Equal("PreconditionFailed", await CodeAsync(() => PutAsync(bucket, "k", ifNoneMatch: "*")));
        Assert.Equal("PreconditionFailed", await CodeAsync(() => PutAsync(bucket, "k", ifMatch: "\"0123456789abcdef0123456789abcdef\"")));
        Assert.Equal("NoSuchKey", await CodeAsync(() => PutAsync(bucket, "absent", ifMatch: etag)));
        var mine = (await PutAsync(bucket, "k", ifMatch: etag)).ETag;
        Assert.Equal("PreconditionFailed", await CodeAsync(() => PutAsync(bucket, "k", ifMatch: etag)));
        await PutAsync(bucket, "k", ifMatch: mine);
        await fixture.S3.DeleteObjectAsync(bucket, "k");
        Assert.Equal("NoSuchKey", await CodeAsync(() => PutAsync(bucket, "k", ifMatch: mine)));
        await PutAsync(bucket, "k", ifNoneMatch: "*");
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task A_deleted_bucket_stays_empty_when_it_is_made_again()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "remote" });
        Assert.Equal(
            "BucketNotEmpty", (await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => fixture.S3.DeleteBucketAsync(bucket))).ErrorCode);
        await fixture.S3.DeleteObjectAsync(bucket, "k");
        await fixture.S3.DeleteBucketAsync(bucket);
        await Assert.ThrowsAsync<NoSuchBucketException>(() => fixture.S3.ListObjectsV2Async(new() { BucketName = bucket }));
        await fixture.S3.PutBucketAsync(bucket);
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "late", ContentBody = "remote" });
        Assert.Empty((await fixture.S3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects ?? []);
        await Assert.ThrowsAsync<NoSuchKeyException>(() => fixture.S3.GetObjectAsync(bucket, "late"));
    }

    [Fact]
    [Trait("Rule", "T5")]
    public async Task The_cache_bucket_does_not_exist_for_clients()
    {
        Assert.Equal("NoSuchBucket", (await Assert.ThrowsAnyAsync<AmazonS3Exception>(
            () => fixture.S3.ListObjectsV2Async(new() { BucketName = "s3-overlay-cache" }))).ErrorCode);
        Assert.Equal("BucketAlreadyExists",
            (await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => fixture.S3.PutBucketAsync("s3-overlay-cache"))).ErrorCode);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task A_range_of_a_large_object_brings_only_its_chunk()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        var bytes = new byte[(3 << 20) + 12345];
        new Random(3).NextBytes(bytes);
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "big", InputStream = new MemoryStream(bytes) });
        using (var cold = await fixture.S3
            .GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "big", ByteRange = new(2_000_000, 2_000_099) }))
        {
            Assert.Equal(bytes[2_000_000..2_000_100], await LocalOnlyTests.ReadAsync(cold));
        }

        using var whole = await fixture.S3.GetObjectAsync(bucket, "big");
        Assert.Equal(HttpStatusCode.OK, whole.HttpStatusCode);
        Assert.Equal(bytes, await LocalOnlyTests.ReadAsync(whole));
        var warm = await new SignedHttp(fixture.Proxy.Endpoint).SendAsync("GET", $"/{bucket}/big", null, ("Range", "bytes=262140-262150"));
        Assert.Equal(bytes[262_140..262_151], warm.Body);
        Assert.Equal((206, "cache", "HIT"), (warm.Status, warm.Headers["x-s3overlay-layer"], warm.Headers["x-cache"]));
    }

    private Task<PutObjectResponse> PutAsync(string bucket, string key, string? ifMatch = null, string? ifNoneMatch = null) =>
        fixture.S3.PutObjectAsync(
            new() { BucketName = bucket, Key = key, ContentBody = "local", IfMatch = ifMatch, IfNoneMatch = ifNoneMatch });

    private static async Task<string> CodeAsync(Func<Task> call) => (await Assert.ThrowsAnyAsync<AmazonS3Exception>(call)).ErrorCode;

    private async Task<List<string>> VersionsAsync(string bucket, int pageSize)
    {
        var keys = new List<string>();
        var request = new ListVersionsRequest { BucketName = bucket, MaxKeys = pageSize };
        for (ListVersionsResponse? page = null; page is null || page.IsTruncated == true;)
        {
            page = await fixture.S3.ListVersionsAsync(request);
            Assert.All(page.Versions, version => Assert.Equal(("null", true), (version.VersionId, version.IsLatest)));
            keys.AddRange(page.Versions.Select(version => version.Key));
            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }

        return keys;
    }

    private static async Task<string> TextAsync(GetObjectResponse response) =>
        Encoding.UTF8.GetString(await LocalOnlyTests.ReadAsync(response));

    private async Task<List<string>> KeysAsync(string bucket, int pageSize)
    {
        var keys = new List<string>();
        string? token = null;
        do
        {
            var page = await fixture.S3.ListObjectsV2Async(new() { BucketName = bucket, MaxKeys = pageSize, ContinuationToken = token });
            keys.AddRange(page.S3Objects.Select(o => o.Key));
            Assert.True(page.S3Objects.Count == pageSize || page.IsTruncated != true);
            token = page.NextContinuationToken;
        }
        while (token is not null);
        return keys;
    }

    private static async Task<string> SeenAsync(AmazonS3Client client, string bucket)
    {
        using var response =
            await client.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "k", ChecksumMode = ChecksumMode.ENABLED });
        var text = await TextAsync(response);
        var head = await client.GetObjectMetadataAsync(bucket, "k");
        return string.Join(
            '\n', text, response.ETag, response.LastModified, response.Headers.ContentType, response.Headers.CacheControl,
            response.Headers.ContentDisposition,
            response.Metadata["colour"], response.ChecksumSHA256, head.ETag, head.LastModified, head.ContentLength,
            head.Metadata["colour"]);
    }
}
