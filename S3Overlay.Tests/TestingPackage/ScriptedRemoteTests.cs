using System.Net;

using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Testing;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.TestingPackage.S3OverlayServerTests;

using Remote = S3Overlay.Testing.ScriptedRemote;

namespace S3Overlay.Tests.TestingPackage;

/// <summary>A scripted remote, directly and behind a server.</summary>
public sealed class ScriptedRemoteTests
{
    [Fact]
    public async Task It_serves_objects_ranges_and_conditions_as_S3_does()
    {
        await using var remote = await Remote.StartAsync(r => r.Bucket("bucket").Object("a/b c", "0123456789")
            .Header("Content-Type", "text/x-test").Header("x-amz-meta-color", "blue"));
        using var s3 = Client(remote);

        using var whole = await s3.GetObjectAsync("bucket", "a/b c");
        using var part = await s3.GetObjectAsync(
            new GetObjectRequest { BucketName = "bucket", Key = "a/b c", ByteRange = new ByteRange(2, 4) });
        var head = await s3.GetObjectMetadataAsync("bucket", "a/b c");
        var etag = remote.Bucket("bucket")["a/b c"].ETag;

        Assert.Equal("0123456789", await new StreamReader(whole.ResponseStream).ReadToEndAsync());
        Assert.Equal("234", await new StreamReader(part.ResponseStream).ReadToEndAsync());
        Assert.Equal("bytes 2-4/10", part.ContentRange);
        Assert.Equal((10, "text/x-test", "blue", etag),
            (head.ContentLength, head.Headers.ContentType, head.Metadata["color"], head.ETag));
        Assert.Equal(304, await StatusAsync(remote, "bucket/a/b%20c", ("If-None-Match", etag!)));
        Assert.Equal(412, await StatusAsync(remote, "bucket/a/b%20c", ("If-Match", "\"other\"")));
        Assert.Equal(416, await StatusAsync(remote, "bucket/a/b%20c", ("Range", "bytes=10-")));
        Assert.Equal(404, await StatusAsync(remote, "bucket/other"));
        Assert.Equal(404, await StatusAsync(remote, "other/key"));
    }

    [Theory]
    [InlineData("", "", "a a/1 a/2 b/1 c \ue000 \U0001f600")]
    [InlineData("", "/", "a a/ b/ c \ue000 \U0001f600")]
    [InlineData("a/", "/", "a/1 a/2")]
    public async Task A_listing_in_pages_of_any_size_is_the_same(string prefix, string delimiter, string expected)
    {
        await using var remote = await Remote.StartAsync();
        foreach (var key in (string[])["c", "b/1", "a/2", "a/1", "a", "\U0001f600", "\ue000"])
        {
            remote.Bucket("bucket").Object(key, key);
        }

        _ = remote.Bucket("bucket")["known but without an object"];
        using var s3 = Client(remote);
        for (var size = 1; size <= 8; size++)
        {
            var names = new List<string>();
            var request = new ListObjectsV2Request { BucketName = "bucket", Prefix = prefix, Delimiter = delimiter, MaxKeys = size };
            ListObjectsV2Response page;
            do
            {
                page = await s3.ListObjectsV2Async(request);
                names.AddRange((page.S3Objects ?? []).Select(item => item.Key).Concat(page.CommonPrefixes ?? []));
                request.ContinuationToken = page.NextContinuationToken;
            }
            while (page.IsTruncated == true);

            Assert.Equal(expected.Split(' ').Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task It_refuses_writes_and_records_them()
    {
        await using var remote = await Remote.StartAsync(r => r.Bucket("bucket"));
        using var http = new HttpClient { BaseAddress = remote.Endpoint };

        var response = await http.PutAsync("bucket/key", new StringContent("text"));

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("PUT bucket/key", Assert.Single(remote.Requests).ToString());
        Assert.False(remote.Bucket("bucket")["key"].Exists);
    }

    [Fact]
    public async Task A_failure_ends_after_so_many_requests_and_the_proxy_asks_again()
    {
        await using var overlay = await StartAsync();
        overlay.Remote.Bucket("bucket")["key"].Fails(503, "SlowDown", times: 2);

        Assert.Equal("0123456789", await ReadAsync(overlay, "bucket", "key"));

        Assert.Equal([503, 503, 200], overlay.Remote.Bucket("bucket")["key"].Requests.Select(request => request.Status));
    }

    [Fact]
    public async Task A_cut_body_is_continued_where_it_ended()
    {
        await using var overlay = await StartAsync();
        overlay.Remote.Bucket("bucket")["key"].Cuts(after: 4, times: 1);

        Assert.Equal("0123456789", await ReadAsync(overlay, "bucket", "key"));

        var requests = overlay.Remote.Bucket("bucket")["key"].Requests;
        Assert.Equal([null, "bytes=4-9"], requests.Select(request => request.Range));
        Assert.Equal([4, 6], requests.Select(request => request.BytesSent));
    }

    [Fact]
    public async Task Failures_of_an_object_a_bucket_and_all_are_apart()
    {
        await using var remote = await Remote.StartAsync(r =>
        {
            r.Bucket("one").Object("a", "text").Object("b", "text");
            r.Bucket("two").Object("a", "text");
        });

        remote.Bucket("one")["a"].Fails(403);
        Assert.Equal([403, 200, 200, 200], await StatusesAsync());
        remote.Bucket("one").Fails(500);
        Assert.Equal([500, 500, 500, 200], await StatusesAsync());
        remote.Fails(503);
        Assert.Equal([503, 503, 503, 503], await StatusesAsync());
        remote.Recovers();
        Assert.Equal([200, 200, 200, 200], await StatusesAsync());

        async Task<List<int>> StatusesAsync() =>
        [
            await StatusAsync(remote, "one/a"), await StatusAsync(remote, "one/b"), await StatusAsync(remote, "one?list-type=2"),
            await StatusAsync(remote, "two/a"),
        ];
    }

    [Fact]
    public async Task A_delay_ends_on_the_tests_clock()
    {
        var time = new ManualTimeProvider();
        await using var remote = await Remote.StartAsync(
            r => r.Bucket("bucket").Object("key", "text").Waits(TimeSpan.FromHours(1)), time);

        var asking = StatusAsync(remote, "bucket/key");
        await time.WaitForTimerAsync(TimeSpan.FromHours(1));
        Assert.False(asking.IsCompleted);
        time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(200, await asking);
    }

    [Fact]
    public async Task Two_readers_that_wait_for_one_object_cost_the_remote_one_request()
    {
        var gate = new TaskCompletionSource();
        await using var overlay = await StartAsync();
        var item = overlay.Remote.Bucket("bucket")["key"].Waits(gate.Task);

        Task<string>[] readers = [ReadAsync(overlay, "bucket", "key"), ReadAsync(overlay, "bucket", "key")];
        await item.RequestedAsync();
        gate.SetResult();

        Assert.Equal(["0123456789", "0123456789"], await Task.WhenAll(readers));
        Assert.Single(item.Requests);
        Assert.Equal(10, item.BytesSent);
    }

    [Fact]
    public async Task Objects_change_while_it_runs()
    {
        await using var overlay = await StartAsync();
        var bucket = overlay.Remote.Bucket("bucket");
        bucket.Object("more", "text").Tag("color", "blue");
        Assert.Equal("blue", (await overlay.Client.GetObjectTaggingAsync(new() { BucketName = "bucket", Key = "more" })).Tagging[0].Value);

        bucket["more"].Remove();
        overlay.Remote.ClearRequests();

        Assert.Equal(["key"], await ListAsync(overlay, "bucket"));
        Assert.All(overlay.Remote.Requests, request => Assert.Equal("", request.Key));
        overlay.Remote.RemoveBucket("bucket");
        Assert.Equal(404, await StatusAsync(overlay.Remote, "bucket?list-type=2"));
    }

    private static Task<S3OverlayServer> StartAsync() => S3OverlayServer.StartAsync(o => o
        .ScriptedRemote(remote => remote.Bucket("bucket").Object("key", "0123456789")).Cache());

    private static AmazonS3Client Client(Remote remote) => new("any", "any",
        new AmazonS3Config { ServiceURL = remote.Endpoint.ToString(), ForcePathStyle = true, MaxErrorRetry = 0 });

    private static async Task<int> StatusAsync(Remote remote, string path, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient { BaseAddress = remote.Endpoint };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request);
        return (int)response.StatusCode;
    }
}
