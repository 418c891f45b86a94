using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A remote that does not respond at all slows no request down. It is known to be down, and no client request reaches it until it recovers
/// (table F).
/// </summary>
public sealed class DeadRemoteTests
{
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private volatile bool _isDead;

    [Theory, Trait("Rule", "F")]
    [InlineData("cut")]
    [InlineData("502")]
    [InlineData("hanging")]
    public async Task While_it_is_down_requests_fail_at_once_and_it_is_asked_again_when_it_is_back(string how)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "first", "one"u8.ToArray());
        remote.Put("bucket", "second", "two"u8.ToArray());
        Script(remote, how, static _ => true);
        await using var proxy = await StartAsync(remote);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/earlier", "mine")).Status);
        _isDead = true;
        var response = await _clock.RunToLimitAsync(proxy.SendAsync("GET", "/bucket/first"));
        Assert.Equal((503, true), (response.Status, response.Headers.ContainsKey("Retry-After")));
        await _clock.RunToLimitAsync(KnownAsync(remote));

        // No time passes: anything that waits for the remote would wait for ever.
        var asked = ObjectRequests(remote);
        foreach (var (method, target) in ((string, string)[])[("GET", "/bucket/second"), ("HEAD", "/bucket/second"),
            ("GET", "/bucket/first"), ("GET", "/bucket?list-type=2")])
        {
            var refused = await proxy.SendAsync(method, target).WaitAsync(Patience.Limit);
            Assert.Equal((503, true), (refused.Status, refused.Headers.ContainsKey("Retry-After")));
        }

        // Objects in local, including those written during the outage, are unchanged.
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/written", "mine").WaitAsync(Patience.Limit)).Status);
        Assert.Equal("mine", (await proxy.SendAsync("GET", "/bucket/written").WaitAsync(Patience.Limit)).Text);
        Assert.Equal(asked, ObjectRequests(remote));

        _isDead = false;
        Assert.Equal("two", await _clock.RunToLimitAsync(UntilItRespondsAsync(proxy)));
    }

    /// <summary>
    /// It is not known yet that the remote hangs, and the clock does not move: a write that waited for the remote would wait for ever.
    /// </summary>
    [Theory, Trait("Rule", "W1")]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task Writes_and_deletes_in_a_bucket_that_local_has_do_not_wait_for_a_remote_that_hangs(string layer)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "theirs", "one"u8.ToArray());
        Script(remote, "hanging", static _ => true);
        await using var store = layer == "store" ? await StoreServer.StartAsync(_clock) : null;
        await using var proxy = await OverlayHost.StartAsync(store?.Endpoint, remote.Endpoint, _clock,
            [("S3_OVERLAY_CACHE_ENABLED", "true"), .. RemoteLimits.Hurried]);
        foreach (var bucket in (string[])["bucket", "other"])
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/" + bucket)).Status);
        }

        _isDead = true;
        foreach (var bucket in (string[])["bucket", "other", "made-later"])
        {
            foreach (var (method, target, body) in ((string, string, string?)[])
            [
                ("PUT", "", null), ("PUT", "/mine", "v"), ("PUT", "/mine", "w"), ("DELETE", "/mine", null), ("DELETE", "/theirs", null),
                ("DELETE", "/none", null), ("POST", "/parts?uploads", null),
                ("POST", "?delete", "<Delete><Object><Key>k</Key></Object><Object><Key>mine</Key></Object></Delete>"),
                ("PUT", "/mine", "x"), ("GET", "/mine", null), ("GET", "/theirs", null),
                ("HEAD", "", null),
            ])
            {
                var response = await proxy.SendAsync(method, $"/{bucket}{target}", body).WaitAsync(Patience.Limit);
                Assert.True(response.Status is 200 or 204 || target == "/theirs",
                    $"{method} /{bucket}{target}: {response.Status} {response.Text}");
            }
        }

        Assert.DoesNotContain(remote.Requests, static request => request.Key.Length > 0);
    }

    [Fact, Trait("Rule", "F")]
    public async Task One_object_that_the_remote_fails_at_does_not_make_it_dead()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "bad", "one"u8.ToArray());
        remote.Put("bucket", "good", "two"u8.ToArray());
        Script(remote, "502", static request => request.Key == "bad");
        await using var proxy = await StartAsync(remote);
        _isDead = true;
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(503, (await _clock.RunToLimitAsync(proxy.SendAsync("GET", "/bucket/bad"))).Status);
            Assert.Equal(200, (await proxy.SendAsync("HEAD", "/bucket/good").WaitAsync(Patience.Limit)).Status);
        }

        // Asked to make sure, and never by the clock.
        var asked = remote.Requests.Count(request => request is { Method: "HEAD", Key: "" });
        Assert.True(asked <= 3, $"{asked} times");
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_bucket_that_does_not_respond_does_not_affect_others()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("broken", "key", "one"u8.ToArray());
        remote.Put("bucket", "key", "two"u8.ToArray());
        Script(remote, "502", static request => request.Bucket != "bucket");
        await using var proxy = await StartAsync(remote);
        _isDead = true;
        Assert.Equal(503, (await _clock.RunToLimitAsync(proxy.SendAsync("GET", "/broken/key"))).Status);
        await _clock.RunToLimitAsync(KnownAsync(remote));
        Assert.Equal(503, (await proxy.SendAsync("GET", "/broken/key").WaitAsync(Patience.Limit)).Status);
        Assert.Equal("two", (await proxy.SendAsync("GET", "/bucket/key").WaitAsync(Patience.Limit)).Text);

        // The endpoint itself may not respond at all. That says nothing about its buckets.
        for (var i = 0; i < 3; i++)
        {
            await _clock.RunToLimitAsync(proxy.SendAsync("GET", "/health"));
        }

        Assert.Equal("two", (await proxy.SendAsync("GET", "/bucket/key").WaitAsync(Patience.Limit)).Text);
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_request_that_survived_an_outage_does_not_count_against_the_remote()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "key", "one"u8.ToArray());
        Script(remote, "cut", static _ => true);
        await using var proxy = await StartAsync(remote);
        _isDead = true;
        var via = new string('v', 700);
        Assert.Equal(503, (await _clock.RunToLimitAsync(proxy.SendAsync("GET", "/bucket/key", null, ("x-s3overlay-via", via)))).Status);
        await _clock.RunToLimitAsync(KnownAsync(remote));
        Assert.All(
            remote.Requests.Where(request => request is { Method: "HEAD", Key: "" }), request =>
                Assert.DoesNotContain("vvv", request.Headers["x-s3overlay-via"], StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_proxy_stops_while_it_waits_for_a_dead_remote()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "first", "one"u8.ToArray());
        Script(remote, "hanging", static _ => true);
        var proxy = await StartAsync(remote);
        _isDead = true;
        Assert.Equal(503, (await _clock.RunToLimitAsync(proxy.SendAsync("GET", "/bucket/first"))).Status);
        await _clock.RunToLimitAsync(KnownAsync(remote));
        await proxy.DisposeAsync().AsTask().WaitAsync(Patience.Limit);
    }

    private static int ObjectRequests(ScriptedRemote remote) => remote.Requests
        .Count(request => request.Key.Length > 0 || request.Method == "GET");

    /// <summary>
    /// The remote is known to be down after the second request for its bucket: one confirms the outage, the next probes for its end.
    /// </summary>
    private static async Task<bool> KnownAsync(ScriptedRemote remote)
    {
        await remote.UntilAsync(() => remote.Requests.Count(request => request is { Method: "HEAD", Key: "" }) >= 2,
            "The remote is not known to be dead.");
        return true;
    }

    private static async Task<string> UntilItRespondsAsync(OverlayHost proxy)
    {
        var response = await Patience.UntilAsync(
            () => proxy.SendAsync("GET", "/bucket/second"), static response => response.Status != 503, static _ =>
                "The remote is not found to be back.");
        Assert.Equal(200, response.Status);
        return response.Text;
    }

    /// <summary>A proxy whose clock runs fast only while something must fail.</summary>
    private Task<OverlayHost> StartAsync(ScriptedRemote remote) => OverlayHost.StartAsync(
        null,
        remote.Endpoint,
        _clock,
        [("S3_OVERLAY_CACHE_ENABLED", "true"), .. RemoteLimits.Hurried]);

    private void Script(ScriptedRemote remote, string how, Func<ScriptedRequest, bool> isMeant) =>
        remote.Script = async (request, context) =>
    {
        if (!_isDead || !isMeant(request))
        {
            return ScriptedOutcome.AsUsual;
        }

        switch (how)
        {
            case "cut":
                context.Abort();
                return ScriptedOutcome.Answered;
            case "502":
                await ScriptedRemote.RespondErrorAsync(context, StatusCodes.Status502BadGateway, "BadGateway");
                return ScriptedOutcome.Answered;
            default:
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return ScriptedOutcome.Answered;
        }
    };
}
