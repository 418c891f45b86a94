using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>Signed requests may limit the use of cached entries (rule S3).</summary>
[Trait("Rule", "S3")]
public class DirectiveTests : FreshnessTestBase
{
    [Theory]
    [InlineData(false, "no-cache")]
    [InlineData(true, "no-cache")]
    [InlineData(true, "max-age=0, No-Cache")]
    public async Task No_cache_revalidates_an_entry_of_any_age(bool isNever, string said)
    {
        Revalidate(isNever ? Revalidation.Never : Revalidation.After(Life));
        var bytes = await HoldAsync("key");
        ForgetRequests();
        var same = await SayAsync(said);
        Assert.Equal(bytes, same.Bytes);
        Assert.Equal(("cache", "REVALIDATED", "0"), Origin(same));
        Assert.Single(Questions);

        var newer = Bytes(500, 2);
        Remote.Put("key", newer);
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        Assert.Equal(newer, (await SayAsync(said)).Bytes);
        await QuietAsync();
        Assert.Equal(newer, (await ReadAsync("key")).Bytes);
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task No_cache_gets_no_entry_while_the_remote_is_down()
    {
        var bytes = await HoldAsync("key");
        Fail(RemoteFailure.Unavailable);
        Assert.Equal(503, (await Assert.ThrowsAsync<S3Exception>(() => SayAsync("no-cache"))).Error.Status);
        Time.Advance(Life);
        Assert.Equal(503, (await Assert.ThrowsAsync<S3Exception>(() => SayAsync("no-cache"))).Error.Status);
        var response = await ReadAsync("key");
        Assert.Equal(("STALE", bytes.Length), (Origin(response).Cache, response.Bytes.Length));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("bytes=10-19")]
    public async Task No_store_bypasses_the_cache_and_adds_nothing_to_it(string? range)
    {
        var older = await HoldAsync("key");
        var newer = Bytes(500, 2);
        Remote.Put("key", newer);
        var response = await SayAsync("no-store", "key", range);
        Assert.Equal(range is null ? newer : newer[10..20], response.Bytes);
        Assert.Equal(("remote", "BYPASS", "0"), Origin(response));
        Assert.Equal(older, (await ReadAsync("key")).Bytes);

        Remote.Put("another", newer);
        Assert.Equal("BYPASS", Origin(await SayAsync("no-store", "another")).Cache);
        await QuietAsync();
        Assert.Null(await Store.FindAsync(Bucket, "another", default));
    }

    [Fact]
    public async Task Only_if_cached_costs_the_remote_nothing()
    {
        InChunks();
        var bytes = Bytes(200_000);
        Remote.Put("key", bytes);
        await ReadAsync("key", "bytes=0-9");
        await QuietAsync();
        ForgetRequests();
        var held = await SayAsync("only-if-cached", "key", "bytes=5-60000");
        Assert.Equal(bytes[5..60_001], held.Bytes);
        Assert.Equal("HIT", Origin(held).Cache);
        Assert.Equal("HIT", Origin(await SayAsync("only-if-cached", isHead: true)).Cache);
        await AssertNotCachedAsync("only-if-cached", "key", null);
        await AssertNotCachedAsync("only-if-cached", "key", "bytes=60000-70000");
        await AssertNotCachedAsync("only-if-cached", "another", null);
        await AssertNotCachedAsync("only-if-cached, no-cache", "key", "bytes=0-9");
        await AssertNotCachedAsync("only-if-cached, no-store", "another", null);
        Time.Advance(Life);
        await AssertNotCachedAsync("only-if-cached", "key", "bytes=0-9");
        Assert.Empty(Remote.Gets);
        Assert.Empty(Remote.Heads);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Only_if_cached_fails_for_what_is_never_cached()
    {
        await HoldAsync("key");
        ForgetRequests();
        var request = Request("key", query: "partNumber=1", headers: ("Cache-Control", "only-if-cached"));
        Assert.Equal(504, (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(request))).Error.Status);
        Assert.Empty(Remote.Gets);
    }

    [Theory]
    [InlineData("off")]
    [InlineData("frozen")]
    [InlineData("anonymous")]
    public async Task If_clients_have_no_say_their_directives_are_ignored(string why)
    {
        Settings = why == "off" ? Settings with { AllowsDirectives = false } : Settings;
        Revalidate(why == "frozen" ? Revalidation.Frozen : Revalidation.Never);
        await HoldAsync("key");
        Remote.Put("another", Bytes(10));
        ForgetRequests();
        foreach (var said in (string[])["no-cache", "no-store", "only-if-cached"])
        {
            Assert.Equal("HIT", Origin(await ReadAsync(By("key", said))).Cache);
        }

        Assert.Empty(Remote.Heads);
        Assert.Empty(Remote.Gets);
        Assert.Equal("MISS", Origin(await ReadAsync(By("another", "only-if-cached"))).Cache);

        S3Request By(string key, string said) => Request(key, headers: ("Cache-Control", said)) with
            { Caller = why == "anonymous" ? S3Caller.Anonymous : new S3Caller("test") };
    }

    private Task<CollectedResponse> SayAsync(string said, string key = "key", string? range = null, bool isHead = false) =>
        ReadAsync(Request(key, range, isHead, headers: ("Cache-Control", said)));

    private async Task AssertNotCachedAsync(string said, string key, string? range)
    {
        var failure = await Assert.ThrowsAsync<S3Exception>(() => SayAsync(said, key, range));
        Assert.Equal(("GatewayTimeout", 504), (failure.Error.Code, failure.Error.Status));
    }
}
