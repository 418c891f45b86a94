using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>Near the end of a copy's life it is compared with the remote in the background, once, while readers are served (rule S4).</summary>
[Trait("Rule", "S4")]
public class RefreshTests : FreshnessTestBase
{
    [Fact]
    public async Task No_reader_waits_and_the_copy_lives_on()
    {
        var bytes = await HoldAsync("key");
        ForgetRequests();
        Time.Advance((Life / 5 * 4) - Moment);
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        Assert.Empty(Remote.Heads);

        Time.Advance(Moment);
        var answered = new TaskCompletionSource();
        Remote.OnAnswer = (_, _) => answered.Task;
        for (var i = 0; i < 20; i++)
        {
            var answer = await ReadAsync(Request("key", head: i % 3 == 0));
            Assert.Equal(("cache", "HIT", "480"), Origin(answer));
            Assert.Equal(bytes.Length, answer.Headers.ContentLength);
        }

        await Patience.UntilAsync(() => Questions.Count == 1, "Nobody asks.");
        answered.SetResult();
        await RenewedAsync(Time.GetUtcNow());
        Time.Advance((Life / 5 * 4) - Moment);
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        Assert.Single(Questions);
        Assert.Empty(Remote.Gets);
    }

    [Fact]
    public async Task What_the_remote_has_changed_meanwhile_is_fetched_by_the_next_reader()
    {
        var older = await HoldAsync("key", 100_000);
        Time.Advance(Life / 5 * 4);
        var newer = Bytes(500, 2);
        Remote.Put("key", newer);
        Assert.Equal(older, (await ReadAsync("key")).Bytes);
        await DroppedAsync();
        Assert.Equal(newer, (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
    }

    [Fact]
    public async Task What_is_gone_is_dropped()
    {
        await HoldAsync("key");
        Time.Advance(Life / 5 * 4);
        Remote.Remove("key");
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        await DroppedAsync();
        Assert.Equal("NoSuchKey", (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key"))).Error.Code);
    }

    [Theory]
    [InlineData(RemoteFailure.AccessDenied)]
    [InlineData(RemoteFailure.Unavailable)]
    public async Task A_remote_that_does_not_tell_is_asked_once_until_the_copys_life_is_over(RemoteFailure failure)
    {
        await HoldAsync("key");
        ForgetRequests();
        Time.Advance(Life / 5 * 4);
        Fail(failure);
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        await Patience.UntilAsync(() => Questions.Count == 1, "Nobody asks.");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
            await Task.Yield();
        }

        Assert.Single(Questions);
        Fail(null);
        Time.Advance(Life / 5);
        Assert.Equal("REVALIDATED", Origin(await ReadAsync("key")).Cache);
        Time.Advance(Life / 5 * 4);
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        await RenewedAsync(Time.GetUtcNow());
        Assert.Equal(3, Questions.Count);
    }

    private async Task DroppedAsync()
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); ; await Task.Delay(1))
        {
            await using var copy = await Store.FindAsync(Bucket, "key", default);
            if (copy is null)
            {
                return;
            }

            Assert.True(waited.Elapsed < Patience.Limit, "The copy is not dropped.");
        }
    }
}
