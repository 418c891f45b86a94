using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Remotes;

/// <summary>The errors that the proxy reports at its start when remotes are misconfigured.</summary>
public sealed class StartTests
{
    [Fact]
    [Trait("Rule", "M5")]
    public async Task An_unreachable_remote_is_reported_by_its_name_and_local_is_served()
    {
        using var folder = new TemporaryFolder();
        await using var refusing = await ScriptedRemote.StartAsync();
        await using var well = await ScriptedRemote.StartAsync();
        refusing.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 403, "InvalidAccessKeyId");
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
        Assert.Contains(
            "http://no-such-host.invalid:9000 cannot be found: there is no host no-such-host.invalid. "
            + "Correct the host in S3_OVERLAY_REMOTE_MISSING_ENDPOINT.", proxy.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"{RemotesScene.TextOf(refusing)} does not know the access key wr.... Correct S3_OVERLAY_REMOTE_REFUSING_ACCESS_KEY_ID.",
            proxy.Output, StringComparison.Ordinal);
        Assert.Contains("overlay over 3 remotes", proxy.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", proxy.Output, StringComparison.Ordinal);

        var http = new SignedHttp(proxy.Endpoint);
        await Patience.UntilAsync(
            () => http.SendUnsignedAsync("GET", "/health"),
            static health => health.Text == "{\"status\":\"degraded\"}",
            static health => health.Text);
        Assert.Equal(200, (await http.SendAsync("PUT", "/missing/key", "mine"u8.ToArray())).Status);
        Assert.Equal("mine", (await http.SendAsync("GET", "/missing/key")).Text);
    }

    [Fact]
    [Trait("Rule", "M5")]
    public async Task A_misspelt_mapping_is_one_line_of_the_log_and_the_proxy_is_degraded()
    {
        using var folder = new TemporaryFolder();
        await using var remote = await ScriptedRemote.StartAsync();
        remote.AddBucket("prod-photos");
        await using var proxy = await ProxyProcess.StartAsync(
            folder["data"],
            ("S3_OVERLAY_REMOTE_ENDPOINT", RemotesScene.TextOf(remote)),
            ("S3_OVERLAY_REMOTE_ANONYMOUS", "true"),
            ("S3_OVERLAY_BUCKET_MAPPING", "photos:prod-fotos,others:prod-photos"));
        var line =
            $"{RemotesScene.TextOf(remote)} does not have the bucket \"prod-fotos\", which photos shows. "
            + "Correct its name in S3_OVERLAY_BUCKET_MAPPING, or create it there.";
        await Patience.UntilAsync(() => proxy.Output.Contains(line, StringComparison.Ordinal), "The mapping is not told.");

        var health = await new SignedHttp(proxy.Endpoint).SendUnsignedAsync("GET", "/health");
        Assert.Equal((200, "{\"status\":\"degraded\"}"), (health.Status, health.Text));
        Assert.Equal(2, proxy.Output.Split("prod-fotos\"").Length);
        Assert.Equal(0, await proxy.TerminateAsync());
    }
}
