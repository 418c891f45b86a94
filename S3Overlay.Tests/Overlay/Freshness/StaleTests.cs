using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>The remote fails, and the cache has an expired entry (table F).</summary>
[Trait("Rule", "F")]
public class StaleTests : FreshnessTestBase
{
    [Theory]
    [Trait("Rule", "T4")]
    [InlineData(RemoteFailure.Unavailable)]
    [InlineData(RemoteFailure.Throttled)]
    [InlineData(RemoteFailure.BadCredentials)]
    [InlineData(RemoteFailure.BodyBroken)]
    public async Task The_stale_entry_is_served_and_says_so(RemoteFailure failure)
    {
        InChunks();
        var bytes = await HoldAsync("key", 200_000);
        Time.Advance(Life + TimeSpan.FromDays(1000));
        Fail(failure);
        foreach (var range in (string?[])[null, "bytes=5-9", "bytes=-70000", "bytes=65530-65540"])
        {
            var answer = await ReadAsync("key", range);
            Assert.Equal(("cache", "STALE", "86400600"), Origin(answer));
            Assert.Equal(Wanted(bytes, range), answer.Bytes);
        }

        Assert.Equal("STALE", Origin(await ReadAsync(Request("key", head: true))).Cache);
        Fail(null);
        Time.Advance(Moment);
        Assert.Equal("REVALIDATED", Origin(await ReadAsync("key")).Cache);
    }

    [Fact]
    public async Task Uncached_bytes_are_503()
    {
        InChunks();
        Remote.Put("key", Bytes(200_000));
        await ReadAsync("key", "bytes=0-9");
        await QuietAsync();
        Time.Advance(Life);
        Fail(RemoteFailure.Unavailable);
        Assert.Equal("STALE", Origin(await ReadAsync("key", "bytes=5-20")).Cache);
        Assert.Equal(503, (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key", "bytes=100000-"))).Error.Status);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public async Task It_is_served_as_long_as_the_setting_says(int seconds)
    {
        Settings = Settings with { StaleIfError = TimeSpan.FromSeconds(seconds) };
        await HoldAsync("key");
        Fail(RemoteFailure.Unavailable);
        Time.Advance(Life + TimeSpan.FromSeconds(seconds));
        Assert.Equal("STALE", Origin(await ReadAsync("key")).Cache);
        Time.Advance(Moment);
        var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key"));
        Assert.Equal(503, failure.Error.Status);
        Assert.Contains(failure.Headers, header => header.Key == "Retry-After");
        Assert.NotNull(await Store.FindAsync(Bucket, "key", default));
    }

    [Fact]
    public async Task Under_always_it_is_not_served()
    {
        Revalidate(Revalidation.Always);
        await HoldAsync("key");
        Fail(RemoteFailure.Unavailable);
        foreach (var head in (bool[])[false, true])
        {
            Assert.Equal(503, (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(Request("key", head: head)))).Error.Status);
        }

        Fail(null);
        Assert.Equal("REVALIDATED", Origin(await ReadAsync("key")).Cache);
    }

    [Fact]
    public async Task A_reader_does_not_wait_long_for_a_slow_remote()
    {
        var bytes = await HoldAsync("key");
        Time.Advance(Life);
        var answered = new TaskCompletionSource();
        Remote.OnRequest = (_, _) => answered.Task;
        var reading = ReadAsync("key");
        await Time.WaitForTimerAsync(within: Settings.RevalidationTimeout);
        Assert.False(reading.IsCompleted);
        Time.Advance(Settings.RevalidationTimeout);
        var answer = await reading;
        Assert.Equal(bytes, answer.Bytes);
        Assert.Equal("STALE", Origin(answer).Cache);

        // It responds in the end, and the response counts.
        answered.SetResult();
        await RenewedAsync(Time.GetUtcNow() - Settings.RevalidationTimeout);

        // The entry is in the store before the revalidation ends, and readers in between share its result.
        await Support.Patience.UntilAsync(() => Reader.Revalidating == 0, "The question is not over.");
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        Assert.Single(Questions);
    }

    [Fact]
    public async Task Readers_that_join_a_slow_revalidation_do_not_wait_the_full_time_again()
    {
        await HoldAsync("key");
        Time.Advance(Life);
        Remote.OnRequest = (_, _) => new TaskCompletionSource().Task;
        var reading = ReadAsync("key");
        await Time.WaitForTimerAsync(within: Settings.RevalidationTimeout);
        await Remote.UntilAsync(() => Questions.Count > 0, "The remote is not asked.");
        Time.Advance(Settings.RevalidationTimeout);
        Assert.Equal("STALE", Origin(await reading).Cache);
        Assert.Equal(["remote-bucket"], Remote.Suspected);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("STALE", Origin(await ReadAsync("key").WaitAsync(Support.Patience.Limit)).Cache);
        }

        Assert.Single(Questions);
        Assert.Single(Remote.Suspected);
    }

    /// <summary>One request a second finds out whether a throttling remote responds again. It may be any request.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_for_checksums_also_shows_whether_the_remote_responds(bool hasResponse)
    {
        await HoldAsync("old");
        Time.Advance(Life);
        Remote.Put("key", Bytes(1000), checksum: new(ChecksumAlgorithm.Crc32, "AAAAAA=="));
        await ReadAsync("key", "bytes=5-9");
        await QuietAsync();
        Fail(RemoteFailure.Throttled);
        if (hasResponse)
        {
            Assert.Equal("STALE", Origin(await ReadAsync("old")).Cache);
            Time.Advance(Settings.SilentEvery);
            Fail(null);
        }

        var answer = await ReadAsync(Request("key", headers: [("x-amz-checksum-mode", "ENABLED")]));
        Assert.Equal(("HIT", hasResponse ? "AAAAAA==" : ""), (Origin(answer).Cache, answer.Headers["x-amz-checksum-crc32"].ToString()));
        Fail(null);
        Assert.Equal(hasResponse ? "REVALIDATED" : "STALE", Origin(await ReadAsync("old")).Cache);
        Time.Advance(Settings.SilentEvery);
        Assert.Equal(hasResponse ? "HIT" : "REVALIDATED", Origin(await ReadAsync("old")).Cache);
    }

    [Fact]
    public async Task A_remote_that_is_down_is_not_asked_and_delays_no_reader()
    {
        await HoldAsync("key");
        Time.Advance(Life);
        ForgetRequests();
        Fail(RemoteFailure.Unavailable);
        Remote.Condition = RemoteCondition.Down;
        for (var second = 0; second < 3; second++)
        {
            Assert.Equal("STALE", Origin(await ReadAsync("key")).Cache);
            Time.Advance(Moment);
        }

        Assert.Empty(Remote.Heads);
        Fail(null);
        Remote.Condition = RemoteCondition.Answering;
        Assert.Equal("REVALIDATED", Origin(await ReadAsync("key")).Cache);
    }

    [Fact]
    public async Task While_it_is_found_out_whether_the_remote_is_down_readers_wait_half_a_second_at_most()
    {
        await HoldAsync("key");
        Time.Advance(Life);
        Remote.Condition = RemoteCondition.Doubted;
        Remote.OnRequest = (_, _) => new TaskCompletionSource().Task;
        var reading = ReadAsync("key");
        await Time.WaitForTimerAsync(within: Settings.ShortRevalidationTimeout);
        Time.Advance(Settings.ShortRevalidationTimeout);
        Assert.Equal("STALE", Origin(await reading).Cache);
    }

    /// <summary>A HEAD response has no body, so a 503 may concern this object (a bad disk at the remote) or the whole remote.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(503)]
    public async Task An_object_that_the_remote_fails_at_keeps_no_other_from_being_compared(int status)
    {
        foreach (var key in (string[])["bad", "worse", "good"])
        {
            await HoldAsync(key);
        }

        ForgetRequests();
        for (var i = 0; i < 3; i++)
        {
            Time.Advance(Life);
            Remote.OnRequest = (read, _) => read.Key == "good" ? Task.CompletedTask
                : throw new RemoteException(RemoteFailure.Unavailable, "as the test says") { Status = status };
            Assert.Equal("STALE", Origin(await ReadAsync("bad")).Cache);
            Assert.Equal("STALE", Origin(await ReadAsync("bad")).Cache);
            Assert.Equal("REVALIDATED", Origin(await ReadAsync("good")).Cache);
            Assert.Equal("STALE", Origin(await ReadAsync("worse")).Cache);
            Time.Advance(Life);
            Assert.Equal("REVALIDATED", Origin(await ReadAsync("good")).Cache);
        }

        Assert.Equal(status == 503 ? 3 : 6, Remote.Heads.Count(head => head.Key == "bad"));
    }

    [Theory]
    [InlineData(RemoteFailure.Throttled, 0, 1)]
    [InlineData(RemoteFailure.BadCredentials, 0, 1)]
    [InlineData(RemoteFailure.Unavailable, 503, 2)]
    public async Task While_the_remote_fails_on_one_object_one_reader_a_second_asks_and_no_other_waits(
        RemoteFailure failure, int status, int first)
    {
        for (var i = 0; i < 20; i++)
        {
            await HoldAsync($"key-{i}");
        }

        Time.Advance(Life);
        ForgetRequests();
        Remote.OnRequest = (_, _) => throw new RemoteException(failure, "as the test says") { Status = status };
        for (var second = 0; second < 3; second++)
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal("STALE", Origin(await ReadAsync($"key-{i}")).Cache);
            }

            // A second object shows whether a failure concerns only one object.
            Assert.Equal(first + second, Remote.Heads.Count);
            Time.Advance(Moment);
        }

        Fail(null);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("REVALIDATED", Origin(await ReadAsync($"key-{i}")).Cache);
        }
    }

    private static byte[] Wanted(byte[] bytes, string? range) => range switch
    {
        null => bytes,
        "bytes=5-9" => bytes[5..10],
        "bytes=-70000" => bytes[^70_000..],
        _ => bytes[65_530..65_541],
    };
}
