using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>
/// The condition of a write or delete needs the remote's current version. While the remote is down, reads get the expired entry, but it
/// decides nothing (rule W3).
/// </summary>
[Trait("Rule", "W3")]
public sealed class ExpiredConditionTests
{
    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task An_expired_entry_decides_no_condition(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REVALIDATE", "10m"));
        var etag = scene.Remote.Put("bucket", "key", "remote"u8.ToArray()).ETag;
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/other", "other")).Status);
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/key")).Text);
        await scene.Proxy.WhenIdleAsync();
        scene.Clock.Advance(TimeSpan.FromMinutes(11));
        scene.Remote.Script = static (_, context) =>
        {
            context.Abort();
            return Task.FromResult(ScriptedOutcome.Answered);
        };
        var read = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal(("remote", "STALE"), (read.Text, read.Headers["x-cache"]));
        foreach (var (method, header, value) in ((string, string, string)[])
            [("PUT", "If-Match", etag), ("PUT", "If-Match", "\"wrong\""), ("PUT", "If-None-Match", "*"), ("DELETE", "If-Match", etag)])
        {
            var refused = await scene.SendAsync(method, "/bucket/key", method == "PUT" ? "new" : null, (header, value));
            Assert.Equal((503, "ServiceUnavailable"), (refused.Status, refused.Code));
        }

        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/key")).Text);
    }
}
