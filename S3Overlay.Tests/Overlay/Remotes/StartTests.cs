using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Remotes;

/// <summary>Remotes that are wrong when a proxy starts, as whoever starts it sees them.</summary>
public sealed class StartTests
{
    [Fact]
    [Trait("Rule", "M5")]
    public async Task A_remote_that_cannot_be_asked_is_told_by_its_name_and_local_is_served()
    {
        using var folder = new TemporaryFolder();
        await using var refusing = await ScriptedRemote.StartAsync();
        await using var well = await ScriptedRemote.StartAsync();
        refusing.Script = async (_, context) =>
        {
            await ScriptedRemote.AnswerErrorAsync(context, 403, "InvalidAccessKeyId");
            return ScriptedOutcome.Answered;
        };
        await using var proxy = await ProxyProcess.StartAsync(
            folder["data"],
            ("S3_OVERLAY_REMOTES", "missing,refusing,well"),
            ("S3_OVERLAY_REMOTE_MISSING_ENDPOINT", "http://no-such-host.invalid:9000"),
            ("S3_OVERLAY_REMOTE_MISSING_ANONYMOUS", "true"),
            ("S3_OVERLAY_REMOTE_MISSING_BACKS", "missing"),
            ("S3_OVERLAY_REMOTE_REFUSING_ENDPOINT", RemotesScene.TextOf(refusing)),
            ("S3_OVERLAY_REMOTE_REFUSING_ACCESS_KEY_ID", "wrong"),
            ("S3_OVERLAY_REMOTE_REFUSING_SECRET_ACCESS_KEY", "hush-hush"),
            ("S3_OVERLAY_REMOTE_REFUSING_BACKS", "refusing"),
            ("S3_OVERLAY_REMOTE_WELL_ENDPOINT", RemotesScene.TextOf(well)),
            ("S3_OVERLAY_REMOTE_WELL_ANONYMOUS", "true"),
            ("S3_OVERLAY_REMOTE_WELL_BACKS", "well"));

        await Patience.UntilAsync(
            () => proxy.Output.Contains("The remote missing is in trouble: ", StringComparison.Ordinal)
                && proxy.Output.Contains("The remote refusing is in trouble: ", StringComparison.Ordinal),
            "Remotes in trouble are not told.");
        Assert.Contains("overlay over 3 remotes", proxy.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", proxy.Output, StringComparison.Ordinal);

        var http = new SignedHttp(proxy.Endpoint);
        await Patience.UntilAsync(
            () => http.SendUnsignedAsync("GET", "/health"),
            static health => health.Text == "{\"status\":\"degraded\",\"checks\":{\"remote missing\":\"degraded\",\"remote refusing\":\"degraded\"}}",
            static health => health.Text);
        Assert.Equal(200, (await http.SendAsync("PUT", "/missing/key", "mine"u8.ToArray())).Status);
        Assert.Equal("mine", (await http.SendAsync("GET", "/missing/key")).Text);
    }
}
