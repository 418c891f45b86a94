using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>The negative cache remembers absent keys for as long as the settings say (rule S2).</summary>
[Trait("Rule", "S2")]
public class AbsentKeyTests : FreshnessTestBase
{
    private static readonly TimeSpan Negative = TimeSpan.FromSeconds(10);

    public AbsentKeyTests() => Settings = Settings with { NegativeLife = Negative };

    private int Asked => Remote.Gets.Count + Remote.Heads.Count;

    [Fact]
    public async Task By_default_the_remote_is_asked_each_time()
    {
        Settings = Settings with { NegativeLife = TimeSpan.Zero };
        for (var i = 1; i < 4; i++)
        {
            await AssertAbsentAsync();
            Assert.Equal(i, Asked);
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task It_is_remembered_from_when_the_request_was_sent(bool isCaching, bool isHeadFirst)
    {
        Settings = Settings with { CacheEnabled = isCaching };
        Remote.OnResponse = (_, _) =>
        {
            Time.Advance(Moment);
            return Task.CompletedTask;
        };
        await AssertAbsentAsync(isHeadFirst);
        Time.Advance(Negative - Moment - Moment);
        await AssertAbsentAsync(!isHeadFirst);
        Assert.Null(await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: true, default));
        Assert.Equal(1, Asked);

        var bytes = Bytes(500);
        Remote.Put("key", bytes);
        await AssertAbsentAsync();
        Time.Advance(Moment);
        Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
        await AssertAbsentAsync(key: "another");
    }

    [Theory]
    [InlineData(RemoteForbidden.NotFound)]
    [InlineData(RemoteForbidden.Forbidden)]
    public async Task A_refusal_is_never_remembered(RemoteForbidden shown)
    {
        Settings = Settings with { RemoteForbidden = shown };
        Remote.Put("key", Bytes(10));
        Fail(RemoteFailure.AccessDenied);
        foreach (var head in (bool[])[true, false])
        {
            await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(Request("key", head: head)));
        }

        Fail(null);
        Assert.Equal(200, (await ReadAsync("key")).Status);
    }

    [Theory]
    [InlineData("write or delete")]
    [InlineData("drop of all")]
    [Trait("Rule", "T2")]
    [InlineData("listing")]
    public async Task A_local_change_invalidates_it_and_any_response_under_way(string change)
    {
        await AssertAbsentAsync();
        await ForgetAsync(change);
        var (asked, answered) = (new TaskCompletionSource(), new TaskCompletionSource());
        Remote.OnResponse = (_, _) =>
        {
            asked.TrySetResult();
            return answered.Task;
        };
        var reading = AssertAbsentAsync();
        await asked.Task.WaitAsync(Patience.Limit);
        await ForgetAsync(change);
        answered.SetResult();
        await reading;
        Remote.Put("key", Bytes(10));
        Assert.Equal(200, (await ReadAsync("key")).Status);
    }

    [Fact]
    [Trait("Rule", "W3")]
    public async Task Conditions_of_writes_ask_the_remote_and_readers_see_the_result()
    {
        await AssertAbsentAsync();
        Remote.Put("key", Bytes(10));
        Assert.NotNull(await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: false, default));
        Assert.Equal(200, (await ReadAsync("key")).Status);
    }

    [Theory]
    [Trait("Rule", "S3")]
    [InlineData("no-cache")]
    [InlineData("no-store")]
    public async Task Clients_may_go_past_it(string said)
    {
        await AssertAbsentAsync();
        Remote.Put("key", Bytes(10));
        Assert.Equal(200, (await ReadAsync(Request("key", headers: ("Cache-Control", said)))).Status);
    }

    [Fact]
    [Trait("Rule", "S3")]
    public async Task Only_if_cached_is_satisfied_by_it()
    {
        await AssertAbsentAsync();
        var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(Request("key", headers: ("Cache-Control", "only-if-cached"))));
        Assert.Equal(404, failure.Error.Status);
    }

    [Fact]
    [Trait("Rule", "S1")]
    public async Task What_a_revalidation_found_gone_is_remembered_too()
    {
        await HoldAsync("key");
        Remote.Remove("key");
        Time.Advance(Life);
        ForgetRequests();
        await AssertAbsentAsync();
        await AssertAbsentAsync();
        Assert.Equal(1, Asked);
    }

    [Fact]
    public async Task An_entry_is_served_regardless_of_it()
    {
        await AssertAbsentAsync(key: "another");
        await HoldAsync("key");
        Remote.Remove("key");
        await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(Request("key", headers: ("Cache-Control", "no-store"))));
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
    }

    private async Task ForgetAsync(string change)
    {
        switch (change)
        {
            case "listing":
                Reader.NoteListed(Bucket, "key");
                break;
            case "drop of all":
                Reader.InvalidateAll();
                break;
            default:
                await Reader.InvalidateAsync(Bucket, "key");
                break;
        }
    }

    private async Task AssertAbsentAsync(bool head = false, string key = "key") =>
        Assert.Equal("NoSuchKey", (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(Request(key, head: head)))).Error.Code);
}
