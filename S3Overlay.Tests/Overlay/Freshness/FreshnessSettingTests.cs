using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>What the freshness settings change for clients (table F, rule S3).</summary>
public sealed class FreshnessSettingTests
{
    [Theory, Trait("Rule", "F")]
    [InlineData("embedded", "0", 503)]
    [InlineData("embedded", "1h", 200)]
    [InlineData("store", "0", 503)]
    [InlineData("store", "1h", 200)]
    public async Task A_stale_entry_is_served_for_the_set_time_while_the_remote_fails(string layer, string bound, int status)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REVALIDATE", "1m"), ("S3_OVERLAY_STALE_IF_ERROR", bound));
        scene.Remote.Put("bucket", "key", "held"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("GET", "/bucket/key")).Status);
        await scene.Proxy.WhenIdleAsync();
        scene.Remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 500, "InternalError");
            return ScriptedOutcome.Answered;
        };
        scene.Clock.Advance(TimeSpan.FromMinutes(2));
        var response = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal((status, status == 200 ? "STALE" : "MISS"), (response.Status, response.Headers.GetValueOrDefault("x-cache")));
    }

    /// <summary>A client that could get a stale entry does not wait for the remote until it is too late to serve it.</summary>
    [Theory, Trait("Rule", "F")]
    [InlineData("embedded", "4s")]
    [InlineData("store", "4s")]
    [InlineData("embedded", "1s")]
    public async Task A_stale_entry_is_served_within_the_shortest_budget(string layer, string budget)
    {
        await using var scene = await LayerScene.StartAsync(
            layer, ("S3_OVERLAY_REVALIDATE", "1m"), ("S3_OVERLAY_REMOTE_BUDGET", budget), ("S3_OVERLAY_REMOTE_CONNECT_TIMEOUT", "1s"));
        scene.Remote.Put("bucket", "key", "held"u8.ToArray());

        // No time passes: the budget is shorter than this machine may take.
        Assert.Equal(200, (await scene.Proxy.SendAsync("GET", "/bucket/key")).Status);
        await scene.Proxy.WhenIdleAsync();
        scene.Clock.Advance(TimeSpan.FromMinutes(2));
        var hangs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Remote.Script = async (_, context) =>
        {
            hangs.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ScriptedOutcome.Answered;
        };
        var reading = scene.Proxy.SendAsync("GET", "/bucket/key");
        await hangs.Task.WaitAsync(Patience.Limit);

        // At most half of the budget, even on a slow machine.
        var until = scene.Clock.GetUtcNow()
            + (TimeSpan.FromSeconds(int.Parse(budget[..^1], System.Globalization.CultureInfo.InvariantCulture)) / 2);
        var response = await scene.Clock.RunAsync(reading, () => until - scene.Clock.GetUtcNow());
        Assert.Equal((200, "STALE", "held"), (response.Status, response.Headers.GetValueOrDefault("x-cache"), response.Text));
    }

    [Theory, Trait("Rule", "T4")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task Errors_name_their_source_too(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REVALIDATE", "always"));
        scene.Remote.Put("bucket", "key", "held"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("GET", "/bucket/key")).Status);
        await scene.Proxy.WhenIdleAsync();
        var cold = await scene.SendAsync("GET", "/bucket/absent");
        Assert.Equal((404, "remote", "MISS"), (cold.Status, cold.Headers["x-s3overlay-layer"], cold.Headers["x-cache"]));
        foreach (var key in (string[])["key", "absent"])
        {
            foreach (var method in (string[])["GET", "HEAD"])
            {
                var uncached = await scene.SendAsync(method, "/bucket/" + key, null, ("Cache-Control", "only-if-cached"));
                Assert.Equal((504, "cache", "MISS"),
                    (uncached.Status, uncached.Headers.GetValueOrDefault("x-s3overlay-layer"),
                        uncached.Headers.GetValueOrDefault("x-cache")));
            }
        }

        foreach (var (refusal, status) in ((int, int)[])[(403, 404), (404, 404), (500, 503)])
        {
            scene.Remote.Script = null;
            Assert.Equal(200, (await scene.SendAsync("GET", "/bucket/key")).Status);
            await scene.Proxy.WhenIdleAsync();
            scene.Remote.Script = async (_, context) =>
            {
                await ScriptedRemote.RespondErrorAsync(context, refusal,
                    refusal switch { 403 => "AccessDenied", 404 => "NoSuchKey", _ => "InternalError" });
                return ScriptedOutcome.Answered;
            };
            foreach (var method in (string[])["GET", "HEAD"])
            {
                var response = await scene.SendAsync(method, "/bucket/key");
                Assert.Equal((status, "remote", "MISS"),
                    (response.Status, response.Headers.GetValueOrDefault("x-s3overlay-layer"),
                        response.Headers.GetValueOrDefault("x-cache")));
            }
        }
    }

    [Theory, Trait("Rule", "S3")]
    [InlineData("embedded", "true")]
    [InlineData("embedded", "false")]
    [InlineData("store", "true")]
    [InlineData("store", "false")]
    public async Task Cache_directives_of_clients_count_if_the_setting_allows_them(string layer, string allowed)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_CLIENT_DIRECTIVES", allowed));
        foreach (var key in (string[])["held", "other"])
        {
            scene.Remote.Put("bucket", key, "bytes"u8.ToArray());
        }

        await scene.SendAsync("GET", "/bucket/held");
        await scene.Proxy.WhenIdleAsync();
        Assert.Equal(allowed == "true" ? "BYPASS"
            : "HIT", (await scene.SendAsync("GET", "/bucket/held", null, ("Cache-Control", "no-store"))).Headers["x-cache"]);
        Assert.Equal(allowed == "true" ? "REVALIDATED"
            : "HIT", (await scene.SendAsync("GET", "/bucket/held", null, ("Cache-Control", "no-cache"))).Headers["x-cache"]);
        Assert.Equal(allowed == "true" ? 504
            : 200, (await scene.SendAsync("GET", "/bucket/other", null, ("Cache-Control", "only-if-cached"))).Status);
    }
}
