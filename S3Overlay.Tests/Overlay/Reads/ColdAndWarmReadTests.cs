using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reads;

public class ColdAndWarmReadTests : ReaderTestBase
{
    [Fact]
    [Trait("Rule", "R10")]
    public async Task A_cold_get_is_one_plain_get_and_a_warm_one_asks_nothing()
    {
        var bytes = Bytes(200_000);
        var info = Remote.Put("key", bytes);
        var cold = await ReadAsync("key");
        Assert.Equal(bytes, cold.Bytes);
        Assert.Equal(("remote", "MISS", "0"), Origin(cold));
        Assert.Null(Assert.Single(Remote.Gets).Range);
        await QuietAsync();

        var warm = await ReadAsync("key");
        Assert.Equal(bytes, warm.Bytes);
        Assert.Equal(("cache", "HIT", "0"), Origin(warm));
        Assert.Single(Remote.Gets);
        Assert.Empty(Remote.Heads);
        Assert.Equal(info.ETag, warm.Headers.ETag.ToString());
        Assert.Equal("blue", warm.Headers["x-amz-meta-color"].ToString());
        Assert.Equal(cold.Headers.Where(IsOfTheObject).OrderBy(h => h.Key), warm.Headers.Where(IsOfTheObject).OrderBy(h => h.Key));
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task A_cold_head_is_one_head_and_a_held_one_none()
    {
        Remote.Put("key", Bytes(100));
        Assert.Equal(100, (await ReadAsync(Request("key", head: true))).Headers.ContentLength);
        Assert.Equal((1, 0), (Remote.Heads.Count, Remote.Gets.Count));
        await ReadAsync("key");
        await QuietAsync();
        var held = await ReadAsync(Request("key", head: true));
        Assert.Equal("HIT", held.Headers["x-cache"].ToString());
        Assert.Equal(0, held.Length);
        Assert.Single(Remote.Heads);
    }

    [Theory]
    [Trait("Rule", "R6")]
    [InlineData("If-None-Match", 304)]
    [InlineData("If-Match", 200)]
    public async Task Conditions_of_a_cold_get_cost_a_head_and_no_body_where_none_is_sent(string name, int status)
    {
        var info = Remote.Put("key", Bytes(100));
        var answer = await ReadAsync(Request("key", headers: (name, info.ETag)));
        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 304 ? 0 : 1, Remote.Gets.Count);
        Assert.Equal(status == 304 ? 0 : 100, answer.Length);
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task A_range_of_no_bytes_is_416_with_the_size_cold_and_held()
    {
        Remote.Put("key", Bytes(10));
        for (var i = 0; i < 2; i++)
        {
            var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key", "bytes=10-"));
            Assert.Equal("InvalidRange", failure.Error.Code);
            Assert.Contains(new("Content-Range", "bytes */10"), failure.Headers);
            await ReadAsync("key");
        }
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task The_last_no_bytes_are_416_whatever_the_remote_makes_of_them()
    {
        Remote.Put("key", Bytes(10));
        Remote.OnRequest = (read, _) => read.Range == "bytes=-0"
            ? throw new RemoteException(RemoteFailure.BodyBroken, "The whole object came, as of Ceph.")
            : Task.CompletedTask;
        foreach (var caches in (bool[])[true, false])
        {
            Settings = Settings with { CacheEnabled = caches };
            var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key", "bytes=-0"));
            Assert.Equal("InvalidRange", failure.Error.Code);
            Assert.Contains(new("Content-Range", "bytes */10"), failure.Headers);
            await ReopenAsync();
        }
    }

    [Fact]
    [Trait("Rule", "R9")]
    public async Task Weak_or_missing_etags_are_streamed_through_and_not_held()
    {
        foreach (var etag in (string[])["", "W/\"weak\""])
        {
            Remote.Put("key", Bytes(1000), etag);
            for (var i = 0; i < 2; i++)
            {
                var answer = await ReadAsync("key", "bytes=5-9");
                Assert.Equal(Bytes(1000)[5..10], answer.Bytes);
                Assert.Equal(("remote", "BYPASS", "0"), Origin(answer));
                Assert.Null(await Store.FindAsync(Bucket, "key", default));
            }
        }
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task With_caching_off_nothing_is_stored()
    {
        Settings = Settings with { CacheEnabled = false };
        var info = Remote.Put("key", Bytes(1000));
        Assert.Equal(Bytes(1000), (await ReadAsync("key")).Bytes);
        Assert.Equal(Bytes(1000)[990..], (await ReadAsync("key", "bytes=-10")).Bytes);
        Assert.Equal(Bytes(1000)[..3], (await ReadAsync(Request("key", "bytes=0-2", headers: ("If-Match", info.ETag)))).Bytes);
        Assert.Equal([null, "bytes=-10", "bytes=0-2"], Remote.Gets.Select(get => get.Range));
        Assert.Null(await Store.FindAsync(Bucket, "key", default));
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task A_range_at_a_chunks_end_does_not_wait_for_the_chunk()
    {
        Settings = Settings with { ChunkThreshold = 1000, ChunkSize = 100_000 };
        var bytes = Bytes(1_000_000);
        Remote.Put("key", bytes);
        var head = new TaskCompletionSource();
        Remote.OnRequest = (read, _) => read.Range == "bytes=100000-199899" ? head.Task : Task.CompletedTask;
        var answer = await ReadAsync("key", "bytes=199900-199999");
        Assert.Equal(bytes[199_900..200_000], answer.Bytes);
        head.SetResult();
        await QuietAsync();
        Assert.Equal(["bytes=199900-199999", "bytes=100000-199899"], Remote.Gets.Select(get => get.Range));
        Assert.Equal("HIT", (await ReadAsync("key", "bytes=100000-199999")).Headers["x-cache"].ToString());
    }

    [Fact]
    public async Task An_empty_object_is_held_too()
    {
        Remote.Put("key", []);
        Assert.Equal((200, 0), ((await ReadAsync("key")).Status, (await ReadAsync("key")).Length));
        Assert.Single(Remote.Gets);
    }

    [Theory]
    [Trait("Rule", "F")]
    [InlineData(RemoteFailure.Unavailable, "ServiceUnavailable", 503)]
    [InlineData(RemoteFailure.Throttled, "SlowDown", 503)]
    [InlineData(RemoteFailure.BadCredentials, "ServiceUnavailable", 503)]
    [InlineData(RemoteFailure.AccessDenied, "NoSuchKey", 404)]
    [InlineData(RemoteFailure.NoSuchKey, "NoSuchKey", 404)]
    public async Task The_remotes_failures_are_the_clients_errors(RemoteFailure failure, string code, int status)
    {
        Remote.OnRequest = (_, _) => throw new RemoteException(failure, "it failed");
        foreach (var head in (bool[])[false, true])
        {
            var error = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(Request("key", head: head)));
            Assert.Equal((code, status), (error.Error.Code, error.Error.Status));
            Assert.Equal(status == 503, error.Headers.Any(header => header.Key == "Retry-After"));
        }
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_whole_body_with_another_md5_is_sent_but_not_held()
    {
        Remote.Put("key", Bytes(1000), $"\"{new string('a', 32)}\"");
        Assert.Equal(Bytes(1000), (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Assert.Equal(1, Reader.Fills!.Mismatches);
        Assert.Null(await Store.FindAsync(Bucket, "key", default));
    }

    private static (string Layer, string Cache, string Age) Origin(CollectedAnswer answer) =>
        (answer.Headers["x-s3overlay-layer"].ToString(), answer.Headers["x-cache"].ToString(), answer.Headers.Age.ToString());

    private static bool IsOfTheObject(KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues> header) =>
        header.Key is not ("x-cache" or "x-s3overlay-layer" or "Age");
}
