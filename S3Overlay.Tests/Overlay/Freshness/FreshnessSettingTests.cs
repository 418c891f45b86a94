using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>What the settings of freshness change, as clients see it (table F, rule S3).</summary>
public sealed class FreshnessSettingTests
{
    [Theory, Trait("Rule", "F")]
    [InlineData("embedded", "0", 503)]
    [InlineData("embedded", "1h", 200)]
    [InlineData("store", "0", 503)]
    [InlineData("store", "1h", 200)]
    public async Task A_copy_past_its_life_is_served_for_so_long_while_the_remote_fails(string layer, string bound, int status)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REVALIDATE", "1m"), ("S3_OVERLAY_STALE_IF_ERROR", bound));
        scene.Remote.Put("bucket", "key", "held"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("GET", "/bucket/key")).Status);
        await scene.Proxy.WhenIdleAsync();
        scene.Remote.Script = async (_, context) =>
        {
            await ScriptedRemote.AnswerErrorAsync(context, 500, "InternalError");
            return ScriptedOutcome.Answered;
        };
        scene.Clock.Advance(TimeSpan.FromMinutes(2));
        var answer = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal((status, status == 200 ? "STALE" : null), (answer.Status, answer.Headers.GetValueOrDefault("x-cache")));
    }

    [Theory, Trait("Rule", "S3")]
    [InlineData("embedded", "true")]
    [InlineData("embedded", "false")]
    [InlineData("store", "true")]
    [InlineData("store", "false")]
    public async Task What_clients_say_of_copies_counts_where_it_may(string layer, string allowed)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_CLIENT_DIRECTIVES", allowed));
        foreach (var key in (string[])["held", "other"])
        {
            scene.Remote.Put("bucket", key, "bytes"u8.ToArray());
        }

        await scene.SendAsync("GET", "/bucket/held");
        await scene.Proxy.WhenIdleAsync();
        Assert.Equal(allowed == "true" ? "BYPASS" : "HIT", (await scene.SendAsync("GET", "/bucket/held", null, ("Cache-Control", "no-store"))).Headers["x-cache"]);
        Assert.Equal(allowed == "true" ? "REVALIDATED" : "HIT", (await scene.SendAsync("GET", "/bucket/held", null, ("Cache-Control", "no-cache"))).Headers["x-cache"]);
        Assert.Equal(allowed == "true" ? 504 : 200, (await scene.SendAsync("GET", "/bucket/other", null, ("Cache-Control", "only-if-cached"))).Status);
    }
}
