using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>Entries are revalidated when the settings say so, and the result is applied (rule S1).</summary>
[Trait("Rule", "S1")]
public class RevalidationTests : FreshnessTestBase
{
    [Theory]
    [InlineData(1000)]
    [InlineData(200_000)]
    public async Task Under_never_an_entry_is_never_revalidated(int length)
    {
        Revalidate(Revalidation.Never);
        InChunks();
        var bytes = await HoldAsync("key", length);
        Remote.Put("key", Bytes(length, 2));
        Time.Advance(TimeSpan.FromDays(10_000));
        ForgetRequests();
        var response = await ReadAsync("key");
        Assert.Equal(bytes, response.Bytes);
        Assert.Equal(("cache", "HIT", "864000000"), Origin(response));
        Assert.Empty(Remote.Heads);
        Assert.Empty(Remote.Gets);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(200_000)]
    public async Task A_fresh_entry_costs_no_request_and_a_stale_one_costs_one(int length)
    {
        InChunks();
        var bytes = await HoldAsync("key", length);
        ForgetRequests();
        Time.Advance(Life / 2);
        Assert.Equal(("cache", "HIT", "300"), Origin(await ReadAsync("key")));
        Assert.Empty(Remote.Heads);

        Time.Advance(Life / 2);
        var asked = await ReadAsync("key");
        Assert.Equal(bytes, asked.Bytes);
        Assert.Equal(("cache", "REVALIDATED", "0"), Origin(asked));
        Assert.Single(Questions);

        Time.Advance(Life / 2);
        Assert.Equal(("cache", "HIT", "300"), Origin(await ReadAsync("key")));
        Assert.Single(Remote.Heads);
        Assert.Empty(Remote.Gets);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Under_always_each_read_costs_one_request_without_a_body(bool head)
    {
        Revalidate(Revalidation.Always);
        await HoldAsync("key");
        ForgetRequests();
        for (var i = 1; i < 4; i++)
        {
            Assert.Equal(("cache", "REVALIDATED", "0"), Origin(await ReadAsync(Request("key", head: head))));
            Assert.Equal(i, Questions.Count);
        }

        Assert.Empty(Remote.Gets);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_changed_object_is_filled_again(bool isAlways, bool inChunks)
    {
        Revalidate(isAlways ? Revalidation.Always : Revalidation.After(Life));
        InChunks(inChunks ? 64 << 10 : 1 << 20);
        await HoldAsync("key", 200_000);
        var bytes = Bytes(200_000, 2);
        var newer = Remote.Put("key", bytes);
        Time.Advance(Life);
        ForgetRequests();
        foreach (var range in (string?[])["bytes=100000-100009", null])
        {
            var response = await ReadAsync("key", range);
            Assert.Equal(range is null ? bytes : bytes[100_000..100_010], response.Bytes);
            Assert.Equal(newer.ETag, response.Headers.ETag.ToString());
            await QuietAsync();
        }

        Assert.Equal(isAlways ? "REVALIDATED" : "HIT", Origin(await ReadAsync("key")).Cache);
        Assert.Equal(newer.ETag, (await Store.FindAsync(Bucket, "key", default))!.Info.ETag);
    }

    [Fact]
    public async Task A_head_of_a_changed_object_shows_the_new_one_and_costs_one_request()
    {
        await HoldAsync("key");
        var newer = Remote.Put("key", Bytes(500, 2));
        Time.Advance(Life);
        ForgetRequests();
        var response = await ReadAsync(Request("key", head: true));
        Assert.Equal((newer.ETag, 500L), (response.Headers.ETag.ToString(), response.Headers.ContentLength));
        Assert.Equal(("remote", "MISS", "0"), Origin(response));
        Assert.Single(Remote.Heads);
        Assert.Empty(Remote.Gets);
    }

    [Fact]
    public async Task Conditions_apply_to_the_remotes_current_object()
    {
        await HoldAsync("key");
        var older = (await Store.FindAsync(Bucket, "key", default))!.Info.ETag;
        var newer = Remote.Put("key", Bytes(500, 2));
        Time.Advance(Life);
        Assert.Equal(304, (await ReadAsync(Request("key", headers: ("If-None-Match", newer.ETag)))).Status);
        Time.Advance(Life);
        var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(Request("key", headers: ("If-Match", older))));
        Assert.Equal("PreconditionFailed", failure.Error.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_object_is_evicted_and_404(bool isAlways)
    {
        Revalidate(isAlways ? Revalidation.Always : Revalidation.After(Life));
        await HoldAsync("key");
        Remote.Remove("key");
        Time.Advance(Life);
        Assert.Equal("NoSuchKey", (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key"))).Error.Code);
        Assert.Null(await Store.FindAsync(Bucket, "key", default));
    }

    [Theory]
    [InlineData(RemoteForbidden.NotFound, "NoSuchKey")]
    [InlineData(RemoteForbidden.Forbidden, "AccessDenied")]
    public async Task A_refusal_keeps_the_entry(RemoteForbidden shown, string code)
    {
        Settings = Settings with { RemoteForbidden = shown };
        var bytes = await HoldAsync("key");
        Time.Advance(Life);
        Fail(RemoteFailure.AccessDenied);
        var response = await ReadAsync("key");
        Assert.Equal(("cache", "STALE", "600"), Origin(response));
        Assert.Equal(bytes, response.Bytes);

        Revalidate(Revalidation.Always);
        await ReopenAsync();
        Assert.Equal(code, (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key"))).Error.Code);
        Assert.NotNull(await Store.FindAsync(Bucket, "key", default));
        Fail(null);
        Assert.Equal(("cache", "REVALIDATED", "0"), Origin(await ReadAsync("key")));
    }

    [Fact]
    public async Task A_server_that_ignores_the_condition_is_believed_by_its_ETag()
    {
        await HoldAsync("key");
        Remote.IgnoresIfNoneMatch = true;
        Time.Advance(Life);
        ForgetRequests();
        Assert.Equal("REVALIDATED", Origin(await ReadAsync("key")).Cache);
        Assert.Single(Remote.Heads);
        Assert.Empty(Remote.Gets);
    }

    [Fact]
    public async Task An_entry_from_the_future_is_revalidated()
    {
        await HoldAsync("key");
        Time.Advance(-TimeSpan.FromDays(365));
        ForgetRequests();
        Assert.Equal(("cache", "REVALIDATED", "0"), Origin(await ReadAsync("key")));
        Assert.Single(Questions);
    }

    [Fact]
    public async Task The_age_of_an_entry_counts_from_the_request_even_if_the_response_was_slow()
    {
        Remote.Put("key", Bytes(1000));
        Remote.OnRequest = (_, _) =>
        {
            Time.Advance(Life - Moment);
            Remote.OnRequest = null;
            return Task.CompletedTask;
        };
        await ReadAsync("key");
        await QuietAsync();
        Time.Advance(Moment);
        Assert.Equal("REVALIDATED", Origin(await ReadAsync("key")).Cache);
    }

    [Fact]
    public async Task Missing_chunks_of_a_stale_entry_are_filled_after_revalidation()
    {
        InChunks();
        var bytes = Bytes(200_000);
        Remote.Put("key", bytes);
        await ReadAsync("key", "bytes=0-9");
        await QuietAsync();
        Time.Advance(Life);
        ForgetRequests();
        var response = await ReadAsync("key", "bytes=150000-150009");
        Assert.Equal(bytes[150_000..150_010], response.Bytes);
        Assert.Equal(("remote", "MISS", "0"), Origin(response));
        Assert.Single(Questions);
        Assert.All(Remote.Gets, get => Assert.NotNull(get.IfMatch));
        await QuietAsync();

        Remote.Put("key", bytes = Bytes(200_000, 2));
        Time.Advance(Life);
        var newer = await ReadAsync("key", "bytes=60000-70009");
        Assert.Equal(bytes[60_000..70_010], newer.Bytes);
        Assert.Equal(206, newer.Status);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Parts_are_of_the_entrys_version_while_fresh_and_of_the_current_one_after()
    {
        await HoldAsync("key");
        ForgetRequests();
        await ReadAsync(Request("key", query: "partNumber=1"));
        Assert.NotNull(Remote.Gets.Last().IfMatch);
        Time.Advance(Life);
        Remote.Put("key", Bytes(500, 2));
        Assert.Equal(500, (await ReadAsync(Request("key", query: "partNumber=1"))).Length);
    }

    [Fact]
    [Trait("Rule", "W3")]
    public async Task Conditions_of_writes_never_use_a_stale_entry()
    {
        await HoldAsync("key");
        var older = (await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: false, default))!;
        var newer = Remote.Put("key", Bytes(500, 2));
        Assert.Equal(older.ETag, (await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: false, default))!.ETag);
        Time.Advance(Life);
        Fail(RemoteFailure.Unavailable);
        await Assert.ThrowsAsync<RemoteException>(async () => await Reader
            .HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: false, default));
        Fail(RemoteFailure.AccessDenied);
        await Assert.ThrowsAsync<RemoteException>(async () => await Reader
            .HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: false, default));
        Fail(null);
        Assert.Equal(newer.ETag, (await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: false, default))!.ETag);
        Remote.Remove("key");
        Assert.Null(await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: false, default));
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task Copy_sources_are_as_readers_see_them()
    {
        var bytes = await HoldAsync("key");
        Time.Advance(Life);
        Fail(RemoteFailure.Unavailable);
        var stale = (await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: true, default))!;
        var body = await Reader.OpenAsync(Bucket, "key", Remote.Bucket, stale, null, isCurrent: false, default);
        var copied = new byte[2000];
        Assert.Equal(bytes.Length, await body.ReadAsync(copied, default));
        await ((IAsyncDisposable)body).DisposeAsync();
        Fail(null);
        var newer = Remote.Put("key", Bytes(500, 2));
        Time.Advance(Moment);
        Assert.Equal(newer.ETag, (await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: true, default))!.ETag);
    }
}
