using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>The remote fails, and a copy past its life is held (table F).</summary>
[Trait("Rule", "F")]
public class StaleTests : FreshnessTestBase
{
    [Theory]
    [InlineData(RemoteFailure.Unavailable)]
    [InlineData(RemoteFailure.Throttled)]
    [InlineData(RemoteFailure.BadCredentials)]
    [InlineData(RemoteFailure.BodyBroken)]
    public async Task The_copy_is_served_and_says_so(RemoteFailure failure)
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
    public async Task Bytes_that_are_not_held_are_503()
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
        Settings = Settings with { Freshness = Settings.Freshness with { StaleIfError = TimeSpan.FromSeconds(seconds) } };
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
        await Time.WaitForTimerAsync(within: Settings.Freshness.Patience);
        Assert.False(reading.IsCompleted);
        Time.Advance(Settings.Freshness.Patience);
        var answer = await reading;
        Assert.Equal(bytes, answer.Bytes);
        Assert.Equal("STALE", Origin(answer).Cache);

        // It answers in the end, and what it says counts.
        answered.SetResult();
        await RenewedAsync(Time.GetUtcNow() - Settings.Freshness.Patience);
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        Assert.Single(Questions);
    }

    [Fact]
    public async Task While_the_remote_is_down_one_reader_a_second_asks_and_no_other_waits()
    {
        for (var i = 0; i < 20; i++)
        {
            await HoldAsync($"key-{i}");
        }

        Time.Advance(Life);
        ForgetRequests();
        Fail(RemoteFailure.Unavailable);
        for (var second = 1; second < 4; second++)
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal("STALE", Origin(await ReadAsync($"key-{i}")).Cache);
            }

            Assert.Equal(second, Remote.Heads.Count);
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
