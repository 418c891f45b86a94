using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Buckets;

public sealed class BucketTests
{
    private readonly OverlayBench _bench = new();

    [Fact]
    [Trait("Rule", "B1")]
    public async Task A_bucket_of_the_remote_exists_and_the_remote_is_asked_once_a_minute()
    {
        _bench.Remote.AddBucket("theirs");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await _bench.SendAsync(S3Operation.HeadBucket, "theirs")).Status);
            Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.HeadBucket, "nobodys")).Error);
        }

        Assert.Equal(["nobodys", "theirs"], _bench.Remote.BucketHeads.Order());
        _bench.Time.Advance(TimeSpan.FromSeconds(61));
        _bench.Remote.AddBucket("nobodys");
        Assert.Equal(200, (await _bench.SendAsync(S3Operation.HeadBucket, "nobodys")).Status);
    }

    [Fact]
    [Trait("Rule", "B1")]
    public async Task A_mapped_or_local_bucket_exists_without_asking_the_remote()
    {
        _bench.Layer.Write("ours", "key", _bench.Remote.Put("elsewhere", "key"));
        await _bench.SendAsync(S3Operation.HeadBucket, "mapped");
        await _bench.SendAsync(S3Operation.HeadBucket, "ours");
        Assert.Equal(0, _bench.Remote.Calls);
    }

    [Fact]
    [Trait("Rule", "B6")]
    public async Task A_mapped_bucket_is_as_old_as_the_remote_said_it_is_or_as_the_proxy()
    {
        var start = $"<CreationDate>{_bench.Time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss}";
        await _bench.SendAsync(S3Operation.HeadBucket, "mapped");
        _bench.Time.Advance(TimeSpan.FromDays(3));
        Assert.Contains(start, await ListAsync(), StringComparison.Ordinal);

        _bench.Remote.Created = new(2021, 2, 3, 4, 5, 6, TimeSpan.Zero);
        Assert.Contains("<CreationDate>2021-02-03T04:05:06", await ListAsync(), StringComparison.Ordinal);
        Assert.Equal(0, _bench.Remote.Calls);

        async Task<string> ListAsync() => OverlayBench.Xml(await _bench.SendAsync(S3Operation.ListBuckets, "")).ToString();
    }

    [Fact]
    [Trait("Rule", "B1")]
    public async Task A_remote_that_cannot_be_reached_is_not_remembered()
    {
        _bench.Remote.AddBucket("theirs");
        _bench.Remote.Failure = new RemoteException(RemoteFailure.Unavailable, "down");
        Assert.Equal(503, (await _bench.FailAsync(S3Operation.HeadBucket, "theirs")).Error.Status);
        _bench.Remote.Failure = null;
        Assert.Equal(200, (await _bench.SendAsync(S3Operation.HeadBucket, "theirs")).Status);
    }

    [Fact]
    [Trait("Rule", "B2")]
    public async Task A_write_makes_the_local_half_before_its_body_is_read()
    {
        _bench.Remote.AddBucket("theirs");
        var existed = false;
        _bench.Local.BeforeCommit = async () => existed = (await _bench.Layer.ResolveBucketAsync("theirs", default)).Exists;
        await _bench.SendAsync(S3Operation.PutObject, "theirs", "key", "text");
        Assert.True(existed);
        Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.PutObject, "nobodys", "key", "text")).Error);
        Assert.False((await _bench.Layer.ResolveBucketAsync("nobodys", default)).Exists);
    }

    [Theory]
    [InlineData("us-east-1", 200)]
    [InlineData("eu-west-1", 409)]
    [Trait("Rule", "B3")]
    public async Task Creating_a_bucket_the_remote_has_makes_the_local_half_and_responds_as_to_the_owner(string region, int status)
    {
        _bench.Settings = new OverlaySettings { Region = region };
        _bench.Remote.AddBucket("theirs");
        if (status == 200)
        {
            Assert.Equal(200, (await _bench.SendAsync(S3Operation.CreateBucket, "theirs")).Status);
        }
        else
        {
            Assert.Same(S3Errors.BucketAlreadyOwnedByYou, (await _bench.FailAsync(S3Operation.CreateBucket, "theirs")).Error);
        }

        Assert.True((await _bench.Layer.ResolveBucketAsync("theirs", default)).Exists);
        Assert.Equal(200, (await _bench.SendAsync(S3Operation.CreateBucket, "new")).Status);
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task A_bucket_is_deleted_only_when_nothing_shows_in_it_and_stays_deleted()
    {
        _bench.Remote.Put("theirs", "key");
        Assert.Same(S3Errors.BucketNotEmpty, (await _bench.FailAsync(S3Operation.DeleteBucket, "theirs")).Error);
        await _bench.SendAsync(S3Operation.DeleteObject, "theirs", "key");
        Assert.Equal(204, (await _bench.SendAsync(S3Operation.DeleteBucket, "theirs")).Status);

        Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.HeadBucket, "theirs")).Error);
        Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.GetObject, "theirs", "key")).Error);
        Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.PutObject, "theirs", "key", "text")).Error);
        _bench.Remote.Put("theirs", "later");
        _bench.Remote.Forget();
        await _bench.SendAsync(S3Operation.CreateBucket, "theirs");
        Assert.Same(S3Errors.NoSuchKey, (await _bench.FailAsync(S3Operation.GetObject, "theirs", "later")).Error);
        Assert.Equal(0, _bench.Remote.Calls);
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task A_bucket_deleted_twice_stays_hidden()
    {
        await _bench.SendAsync(S3Operation.DeleteBucket, "mapped");
        await _bench.SendAsync(S3Operation.CreateBucket, "mapped");
        await _bench.SendAsync(S3Operation.PutObject, "mapped", "key", "text");
        Assert.Same(S3Errors.BucketNotEmpty, (await _bench.FailAsync(S3Operation.DeleteBucket, "mapped")).Error);
        await _bench.SendAsync(S3Operation.DeleteObject, "mapped", "key");
        Assert.Equal(204, (await _bench.SendAsync(S3Operation.DeleteBucket, "mapped")).Status);
        _bench.Remote.Put("below", "later");
        Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.GetObject, "mapped", "later")).Error);
        Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.DeleteBucket, "mapped")).Error);
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task A_bucket_whose_remote_cannot_be_listed_is_not_deleted()
    {
        _bench.Layer.Delete("mapped", "key");
        _bench.Remote.Failure = new RemoteException(RemoteFailure.Unavailable, "down");
        Assert.Equal(503, (await _bench.FailAsync(S3Operation.DeleteBucket, "mapped")).Error.Status);
        Assert.True((await _bench.Layer.ResolveBucketAsync("mapped", default)).Exists);
    }

    [Fact]
    [Trait("Rule", "B5")]
    public async Task Sub_resources_of_a_remote_only_bucket_are_a_new_buckets_and_reading_makes_nothing()
    {
        _bench.Remote.AddBucket("theirs");
        Assert.Equal("LocationConstraint",
            OverlayBench.Xml(await _bench.SendAsync(S3Operation.GetBucketLocation, "theirs", query: "location")).Name.LocalName);
        Assert.Equal("VersioningConfiguration",
            OverlayBench.Xml(await _bench.SendAsync(S3Operation.GetBucketConfiguration, "theirs", query: "versioning")).Name.LocalName);
        Assert.Equal("AccessControlPolicy",
            OverlayBench.Xml(await _bench.SendAsync(S3Operation.GetBucketConfiguration, "theirs", query: "acl")).Name.LocalName);
        Assert.Equal("ListMultipartUploadsResult",
            OverlayBench.Xml(await _bench.SendAsync(S3Operation.ListMultipartUploads, "theirs", query: "uploads")).Name.LocalName);
        Assert.Equal(
            "NoSuchBucketPolicy", (await _bench.FailAsync(S3Operation.GetBucketConfiguration, "theirs", query: "policy")).Error.Code);
        Assert.Same(S3Errors.NoSuchUpload,
            (await _bench.FailAsync(S3Operation.UploadPart, "theirs", "key", "x", "partNumber=1&uploadId=u")).Error);
        Assert.False((await _bench.Layer.ResolveBucketAsync("theirs", default)).Exists);
        Assert.Empty(_bench.Local.Requests);
    }

    [Theory]
    [InlineData(false, new[] { "mapped", "ours" })]
    [InlineData(true, new[] { "below", "mapped", "ours", "theirs" })]
    [Trait("Rule", "B6")]
    public async Task The_list_has_local_and_mapped_buckets_and_the_remotes_if_the_setting_says_so(bool shows, string[] expected)
    {
        _bench.Settings = new OverlaySettings { ShowsRemoteBuckets = shows };
        _bench.Layer.Write("ours", "key", _bench.Remote.Put("theirs", "key"));
        await _bench.Layer.EnsureBucketAsync(_bench.Settings.CacheBucket, default);
        await _bench.Layer.DeleteBucketAsync("deleted", default);
        _bench.Remote.AddBucket("deleted");
        _bench.Remote.AddBucket(_bench.Settings.CacheBucket);
        Assert.Equal(expected, await BucketsAsync());
        Assert.Equal(["mapped"], await BucketsAsync("prefix=mapp&max-buckets=1"));
        _bench.Remote.Failure = new RemoteException(RemoteFailure.AccessDenied, "no");
        Assert.Equal(["mapped", "ours"], await BucketsAsync());
    }

    [Theory]
    [InlineData(S3Operation.GetObject)]
    [InlineData(S3Operation.PutObject)]
    [InlineData(S3Operation.ListObjectsV2)]
    [InlineData(S3Operation.HeadBucket)]
    [InlineData(S3Operation.DeleteBucket)]
    [Trait("Rule", "T5")]
    public async Task The_overlays_own_bucket_does_not_exist(S3Operation operation)
    {
        await _bench.Layer.EnsureBucketAsync("s3-overlay-cache", default);
        foreach (var name in (string[])["s3-overlay-cache", "S3-Overlay-Cache"])
        {
            Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(operation, name, "key")).Error);
        }

        Assert.Same(S3Errors.BucketAlreadyExists, (await _bench.FailAsync(S3Operation.CreateBucket, "s3-overlay-cache")).Error);
        Assert.Same(
            S3Errors.NoSuchBucket,
            (await _bench.FailAsync(S3Operation.CopyObject, "mapped", "key",
                headers: ("x-amz-copy-source", "s3-overlay-cache/key"))).Error);
        Assert.Empty(_bench.Local.Requests);
    }

    [Fact]
    [Trait("Rule", "T5")]
    public async Task Metadata_of_the_overlays_own_is_refused_and_nothing_is_made()
    {
        _bench.Remote.AddBucket("theirs");
        foreach (var operation in (S3Operation[])[S3Operation.PutObject, S3Operation.CreateMultipartUpload, S3Operation.CopyObject])
        {
            var failure = await _bench.FailAsync(operation, "theirs", "key", "text", headers: ("X-Amz-Meta-S3Overlay-Mark", "1"));
            Assert.Same(S3Errors.InvalidArgument, failure.Error);
        }

        Assert.False((await _bench.Layer.ResolveBucketAsync("theirs", default)).Exists);
    }

    [Fact]
    [Trait("Rule", "T3")]
    public async Task A_bucket_without_a_remote_is_only_local()
    {
        await _bench.SendAsync(S3Operation.CreateBucket, "plain");
        await _bench.SendAsync(S3Operation.PutObject, "plain", "key", "text");
        var response = await _bench.SendAsync(S3Operation.GetObject, "plain", "key");
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("x-s3overlay", StringComparison.OrdinalIgnoreCase));
        await _bench.SendAsync(S3Operation.DeleteObject, "plain", "key");
        Assert.Equal(Proxy.Overlay.Layers.KeyState.Nothing, await _bench.Layer.ResolveAsync("plain", "key", default));
        Assert.Equal("ListObjectVersions", (await _bench.SendAsync(S3Operation.ListObjectVersions, "plain", query: "versions")).Headers[
            "x-test-local"]);
        Assert.Equal(0, _bench.Remote.Calls);
    }

    private async Task<IEnumerable<string>> BucketsAsync(string query = "") =>
        OverlayBench.Xml(await _bench.SendAsync(S3Operation.ListBuckets, "", query: query))
            .Descendants().Where(element => element.Name.LocalName == "Name").Select(element => element.Value);
}
