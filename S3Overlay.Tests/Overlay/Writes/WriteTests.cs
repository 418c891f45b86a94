using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

public sealed class WriteTests
{
    private const string Bucket = "mapped";

    private readonly OverlayBench _bench = new();

    [Fact]
    [Trait("Rule", "R1")]
    public async Task A_written_object_is_served_without_the_remote()
    {
        _bench.Remote.Put("below", "key");
        await PutAsync("key", "written");
        Assert.Equal("written", await _bench.GetAsync(Bucket, "key"));
        Assert.Equal("local", (await _bench.SendAsync(S3Operation.HeadObject, Bucket, "key")).Headers["x-s3overlay-layer"]);
        Assert.Equal(0, _bench.Remote.Calls);
        Assert.Equal(["key"], _bench.Reader.Invalidated);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task What_was_not_written_is_the_remotes()
    {
        _bench.Remote.Put("below", "key");
        Assert.Equal("remote", await _bench.GetAsync(Bucket, "key"));
        Assert.Empty(_bench.Local.Requests);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task A_miss_names_the_bucket_where_it_is_the_bucket_that_is_missing()
    {
        Assert.Same(S3Errors.NoSuchKey, (await _bench.FailAsync(S3Operation.GetObject, Bucket, "key")).Error);
        Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.GetObject, "nobodys", "key")).Error);
        await _bench.SendAsync(S3Operation.CreateBucket, "ours");
        Assert.Same(S3Errors.NoSuchKey, (await _bench.FailAsync(S3Operation.GetObject, "ours", "key")).Error);
    }

    [Theory]
    [InlineData("remote", "If-None-Match", "*", 412)]
    [InlineData("remote", "If-Match", "right", 200)]
    [InlineData("remote", "If-Match", "\"wrong\"", 412)]
    [InlineData("remote", "If-Match", "*", 200)]
    [InlineData("deleted", "If-None-Match", "*", 200)]
    [InlineData("deleted", "If-Match", "right", 404)]
    [InlineData("absent", "If-None-Match", "*", 200)]
    [InlineData("absent", "If-Match", "\"any\"", 404)]
    [InlineData("written", "If-None-Match", "*", 412)]
    [InlineData("written", "If-Match", "right", 200)]
    [InlineData("written", "If-Match", "\"wrong\"", 412)]
    [InlineData("absent", "If-None-Match", "\"tag\"", 501)]
    [Trait("Rule", "W3")]
    public async Task Conditions_apply_to_what_clients_see(string state, string header, string value, int status)
    {
        var etag = await ArrangeAsync(state);
        value = value == "right" ? etag : value;
        foreach (var operation in (S3Operation[])[S3Operation.PutObject, S3Operation.CompleteMultipartUpload])
        {
            var bench = new WriteTests();
            await bench.ArrangeAsync(state);
            await bench._bench.Layer.EnsureBucketAsync(Bucket, default);
            if (status == 200)
            {
                Assert.Equal(200, (await bench._bench.SendAsync(operation, Bucket, "key", "new", "uploadId=u", (header, value))).Status);
                Assert.Equal(KeyState.Written, await bench._bench.Layer.ResolveAsync(Bucket, "key", default));
            }
            else
            {
                Assert.Equal(
                    status, (await bench._bench.FailAsync(operation, Bucket, "key", "new", "uploadId=u", (header, value))).Error.Status);
            }
        }
    }

    [Fact]
    [Trait("Rule", "W3")]
    public async Task Of_many_writers_that_replace_the_same_remote_version_one_wins()
    {
        var etag = _bench.Remote.Put("below", "key").ETag;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
        {
            try
            {
                return (await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", $"writer {i}", headers: ("If-Match", etag))).Status;
            }
            catch (S3Exception lost)
            {
                return lost.Error.Status;
            }
        })));
        Assert.Single(outcomes, 200);
        Assert.All(outcomes.Where(status => status != 200), status => Assert.Contains(status, (int[])[409, 412]));
    }

    [Fact]
    [Trait("Rule", "W3")]
    public async Task A_write_that_is_overtaken_by_another_is_a_conflict()
    {
        var etag = _bench.Remote.Put("below", "key").ETag;
        _bench.Local.BeforeCommit = () =>
        {
            _bench.Layer.Write(Bucket, "key", _bench.Remote.Put("elsewhere", "key", "other"));
            return Task.CompletedTask;
        };
        var failure = await _bench.FailAsync(S3Operation.PutObject, Bucket, "key", "new", headers: ("If-Match", etag));
        Assert.Same(S3Errors.ConditionalRequestConflict, failure.Error);
    }

    [Fact]
    [Trait("Rule", "W3")]
    public async Task A_write_whose_object_is_deleted_while_its_body_comes_is_a_conflict()
    {
        var etag = _bench.Remote.Put("below", "key").ETag;
        await _bench.Layer.EnsureBucketAsync(Bucket, default);

        // The deletion happens between the judgement and the body's end.
        var body = new PausedBody();
        var write = _bench.WriteAsync(Bucket, "key", body, ("If-Match", etag));
        await body.Reached.Task;
        Assert.Equal(204, (await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key")).Status);
        body.Go.SetResult();
        Assert.Same(S3Errors.ConditionalRequestConflict, (await Assert.ThrowsAsync<S3Exception>(() => write)).Error);
        Assert.Equal(KeyState.Deleted, await _bench.Layer.ResolveAsync(Bucket, "key", default));
    }

    [Fact]
    [Trait("Rule", "W3")]
    public async Task A_condition_that_needs_an_unreachable_remote_is_not_guessed()
    {
        _bench.Remote.Failure = new RemoteException(RemoteFailure.Unavailable, "down");
        var failure = await _bench.FailAsync(S3Operation.PutObject, Bucket, "key", "new", "", ("If-None-Match", "*"));
        Assert.Same(S3Errors.ServiceUnavailable, failure.Error);
        Assert.Contains(failure.Headers, header => header.Key == "Retry-After");
        Assert.Equal(KeyState.Nothing, await _bench.Layer.ResolveAsync(Bucket, "key", default));
        await PutAsync("key", "unconditional");
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task A_complete_that_takes_long_keeps_the_connection_alive_and_ends_with_its_result()
    {
        await _bench.Layer.EnsureBucketAsync(Bucket, default);
        var (slow, response) = (new TaskCompletionSource(), new BufferedResponse());
        _bench.Local.Completing = slow.Task;
        var running = _bench.SendAsync(response, S3Operation.CompleteMultipartUpload, Bucket, "key", "<x/>", "uploadId=u");
        await WaitAsync(3);
        slow.SetResult();
        await running;
        await response.FinishAsync(default);
        Assert.Equal(200, response.Status);
        Assert.Equal("CompleteMultipartUploadResult", OverlayBench.Xml(response).Name.LocalName);
        Assert.Equal(["key"], _bench.Reader.Invalidated);
        Assert.StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n  ", System.Text.Encoding.UTF8.GetString(response.Content.Span));
    }

    [Fact]
    [Trait("Rule", "W4")]
    [Trait("Rule", "W2")]
    public async Task A_complete_that_fails_late_says_so_in_its_body_and_takes_no_copy()
    {
        await _bench.Layer.EnsureBucketAsync(Bucket, default);
        var (slow, response) = (new TaskCompletionSource(), new BufferedResponse());
        _bench.Local.Completing = slow.Task;
        var running = _bench.SendAsync(response, S3Operation.CompleteMultipartUpload, Bucket, "key", "<x/>", "uploadId=u");
        await WaitAsync(1);
        slow.SetException(new S3Exception(S3Errors.InvalidPart));
        await running;
        await response.FinishAsync(default);
        Assert.Equal("InvalidPart", OverlayBench.Xml(response).Element("Code")!.Value);
        Assert.Empty(_bench.Reader.Invalidated);
    }

    [Theory]
    [InlineData("written", 200)]
    [InlineData("remote", 200)]
    [InlineData("deleted", 404)]
    [InlineData("absent", 404)]
    [Trait("Rule", "R8")]
    public async Task Sub_resources_are_set_on_what_clients_see(string state, int status)
    {
        await ArrangeAsync(state);
        if (status == 200)
        {
            Assert.Equal(
                "PutObjectTagging", (await _bench.SendAsync(S3Operation.PutObjectTagging, Bucket, "key", "<Tagging><TagSet/></Tagging>",
                "tagging")).Headers["x-test-local"]);
        }
        else
        {
            Assert.Equal(status, (await _bench.FailAsync(S3Operation.PutObjectTagging, Bucket, "key", query: "tagging")).Error.Status);
        }
    }

    private async Task WaitAsync(int tens)
    {
        for (var i = 0; i < tens; i++)
        {
            await _bench.Time.WaitForTimerAsync();
            _bench.Time.Advance(TimeSpan.FromSeconds(10));
        }

        await _bench.Time.WaitForTimerAsync();
    }

    private Task<BufferedResponse> PutAsync(string key, string text) => _bench.SendAsync(S3Operation.PutObject, Bucket, key, text);

    private async Task<string> ArrangeAsync(string state)
    {
        switch (state)
        {
            case "remote":
                return _bench.Remote.Put("below", "key").ETag;
            case "deleted":
                await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key");
                return _bench.Remote.Put("below", "key").ETag;
            case "written":
                _bench.Remote.Put("below", "key");
                return (await PutAsync("key", "written")).Headers.ETag.ToString();
            default:
                return "\"none\"";
        }
    }
}
