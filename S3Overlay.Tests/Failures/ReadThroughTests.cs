using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// S3_OVERLAY_READ_THROUGH_ON_LOCAL_ERROR: while the store is down, reads come only from the remote and say so (table F).
/// </summary>
public sealed class ReadThroughTests
{
    private static readonly (string, string) Setting = ("S3_OVERLAY_READ_THROUGH_ON_LOCAL_ERROR", "true");

    [Theory, Trait("Rule", "F")]
    [InlineData("refused", true)]
    [InlineData("hanging", true)]
    [InlineData("cut", true)]
    [InlineData("500", true)]
    [InlineData("503", false)]
    public async Task While_the_store_is_down_reads_show_the_remote_and_say_so(string how, bool caches)
    {
        await using var scene = await StoreScene.StartAsync(true, Setting, ("S3_OVERLAY_CACHE_ENABLED", caches ? "true" : "false"));
        await StoreRequests.PrepareAsync(scene);
        scene.Remote.Put("bucket", "written", "of the remote"u8.ToArray());
        scene.Remote.Put("bucket", "gone", "of the remote"u8.ToArray());
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/gone")).Status);
        Assert.False((await scene.SendAsync("GET", "/bucket/written")).Headers.ContainsKey("x-s3overlay-local"));
        Break(scene, how);
        foreach (var (method, key) in ((string, string)[])[("GET", "written"), ("HEAD", "written"), ("GET", "remote"), ("GET", "gone"),
            ("GET", "written")])
        {
            var read = await scene.SendAsync(method, "/bucket/" + key);
            Assert.True(read.Status == 200, $"{method} {key}: {read.Status} {read.Text}");
            Assert.Equal(("unavailable", "remote"), (read.Headers["x-s3overlay-local"], read.Headers["x-s3overlay-layer"]));
            Assert.Equal(method == "GET" ? "of the remote" : "", read.Text);
        }

        var absent = await scene.SendAsync("GET", "/bucket/absent");
        Assert.Equal((404, "unavailable"), (absent.Status, absent.Headers["x-s3overlay-local"]));
        foreach (var name in (string[])["put", "delete", "list", "copy", "start upload"])
        {
            var response = await StoreRequests.SendAsync(scene, name);
            Assert.True(response.Status is 503 or 500, $"{name}: {response.Status} {response.Text}");
            Assert.False(response.Headers.ContainsKey("x-s3overlay-local"));
        }

        scene.Wire.Mend();
        scene.Wire.CloseConnections();
        scene.Store.Fail = null;
        await BackAsync(scene);
        Assert.Equal(300_000, (await scene.SendAsync("GET", "/bucket/written")).Body.Length);
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/gone")).Status);
    }

    /// <summary>Errors say where they come from as in any other state (rule T4).</summary>
    [Theory, Trait("Rule", "F"), Trait("Rule", "T4")]
    [InlineData("absent", 404, "remote")]
    [InlineData("only what is held", 504, "cache")]
    [InlineData("another version", 412, "remote")]
    [InlineData("beyond its end", 416, "remote")]
    [InlineData("tags", 503, "remote")]
    [InlineData("the remote is down", 503, "remote")]
    public async Task Errors_during_the_outage_say_so_too(string what, int status, string layer)
    {
        await using var scene = await StoreScene.StartAsync(true, Setting);
        await StoreRequests.PrepareAsync(scene);
        Break(scene, "503");
        Assert.Equal("unavailable", (await scene.SendAsync("GET", "/bucket/remote")).Headers["x-s3overlay-local"]);
        if (what is "tags" or "the remote is down")
        {
            scene.Remote.Script = static async (_, context) =>
            {
                await ScriptedRemote.RespondErrorAsync(context, 503, "ServiceUnavailable");
                return ScriptedOutcome.Answered;
            };
        }

        var read = what switch
        {
            "absent" => await scene.SendAsync("GET", "/bucket/absent"),
            "only what is held" => await scene.SendAsync("GET", "/bucket/remote", null, ("Cache-Control", "only-if-cached")),
            "another version" => await scene.SendAsync("GET", "/bucket/remote", null, ("If-Match", "\"another\"")),
            "beyond its end" => await scene.SendAsync("GET", "/bucket/remote", null, ("Range", "bytes=9000000-")),
            "tags" => await scene.SendAsync("GET", "/bucket/remote?tagging"),
            _ => await scene.SendAsync("GET", "/bucket/remote"),
        };
        Assert.Equal((status, "unavailable", layer),
            (read.Status, read.Headers["x-s3overlay-local"], read.Headers.GetValueOrDefault("x-s3overlay-layer", "none")));
        Assert.True(read.Headers.ContainsKey("x-cache"));
    }

    /// <summary>Only the writer has noticed that the store is back. Reads see the write from then on.</summary>
    [Theory, Trait("Rule", "F"), Trait("Rule", "C3")]
    [InlineData("PUT", 200)]
    [InlineData("DELETE", 204)]
    public async Task What_the_store_takes_once_it_is_back_is_seen_at_once(string method, int status)
    {
        await using var scene = await StoreScene.StartAsync(true, Setting);
        await StoreRequests.PrepareAsync(scene);
        scene.Remote.Put("bucket", "key", "of the remote"u8.ToArray());
        Break(scene, "refused");
        Assert.Equal("unavailable", (await scene.SendAsync("GET", "/bucket/key")).Headers["x-s3overlay-local"]);
        scene.Wire.Mend();
        Assert.Equal("unavailable", (await scene.SendAsync("GET", "/bucket/key")).Headers["x-s3overlay-local"]);
        Assert.Equal(status, (await scene.SendAsync(method, "/bucket/key", method == "PUT" ? "written" : null)).Status);
        var read = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal(method == "PUT" ? (200, "written") : (404, "NoSuchKey"), (read.Status, method == "PUT" ? read.Text : read.Code));

        // The next outage is noticed as the first was, and so is its end.
        scene.Wire.Break(WireFault.Refused);
        scene.Wire.CloseConnections();
        Assert.Equal("unavailable", (await scene.SendAsync("GET", "/bucket/key")).Headers["x-s3overlay-local"]);
        scene.Wire.Mend();
        await BackAsync(scene);
        Assert.Equal(read.Status, (await scene.SendAsync("GET", "/bucket/key")).Status);
    }

    /// <summary>The outage begins during the change, and only the writer has noticed that it is over.</summary>
    [Fact, Trait("Rule", "F"), Trait("Rule", "C3")]
    public async Task What_the_store_took_while_it_was_found_down_is_seen_at_once()
    {
        await using var scene = await StoreScene.StartAsync(true, Setting);
        await StoreRequests.PrepareAsync(scene);
        scene.Remote.Put("bucket", "written", "of the remote"u8.ToArray());
        scene.Remote.Put("bucket", "key", "of the remote"u8.ToArray());
        var (isThere, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        scene.Store.Before = call =>
        {
            if (call is not { Method: "PUT", Path: "/bucket/key" })
            {
                return Task.CompletedTask;
            }

            isThere.TrySetResult();
            return goOn.Task;
        };
        var put = scene.Proxy.SendAsync("PUT", "/bucket/key", "written");
        await isThere.Task.WaitAsync(Patience.Limit);
        scene.Store.Fail = static request => request.Path == "/bucket/written" || request.Path == "/s3-overlay-cache" ? (503, "SlowDown")
            : null;
        Assert.Equal("unavailable", (await scene.SendAsync("GET", "/bucket/written")).Headers["x-s3overlay-local"]);
        goOn.SetResult();
        Assert.Equal(200, (await put).Status);
        var read = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal(("written", false), (read.Text, read.Headers.ContainsKey("x-s3overlay-local")));
    }

    /// <summary>DeleteObjects is a 200, even if keys fail.</summary>
    [Fact, Trait("Rule", "F")]
    public async Task Failed_deletes_are_no_sign_that_the_store_is_back()
    {
        await using var scene = await StoreScene.StartAsync(true, Setting);
        await StoreRequests.PrepareAsync(scene);
        scene.Remote.Put("bucket", "written", "of the remote"u8.ToArray());
        Break(scene, "503");
        Assert.Equal("unavailable", (await scene.SendAsync("GET", "/bucket/written")).Headers["x-s3overlay-local"]);
        var deleted = await StoreRequests.SendAsync(scene, "delete many");
        Assert.Equal((200, false), (deleted.Status, deleted.Text.Contains("<Deleted>", StringComparison.Ordinal)));
        scene.Store.ForgetCalls();
        Assert.Equal("unavailable", (await scene.SendAsync("GET", "/bucket/written")).Headers["x-s3overlay-local"]);
        Assert.DoesNotContain(scene.Store.Calls, static call => call.Path == "/bucket/written");
    }

    /// <summary>It is a 200 by then (rule W4).</summary>
    [Fact, Trait("Rule", "F")]
    public async Task A_slow_copy_that_fails_is_no_sign_either()
    {
        await using var scene = await StoreScene.StartAsync(true, Setting);
        await StoreRequests.PrepareAsync(scene);
        scene.Remote.Put("bucket", "written", "of the remote"u8.ToArray());
        var (isThere, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        scene.Store.Before = call =>
        {
            if (call is not { Method: "PUT", Path: "/bucket/copy" })
            {
                return Task.CompletedTask;
            }

            isThere.TrySetResult();
            return goOn.Task;
        };
        var copying = scene.Proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/written"));
        await isThere.Task.WaitAsync(Patience.Limit);
        scene.Store.Fail = static _ => (503, "SlowDown");
        Assert.Equal("unavailable", (await scene.SendAsync("GET", "/bucket/written")).Headers["x-s3overlay-local"]);
        scene.Clock.Advance(TimeSpan.FromSeconds(11));
        goOn.SetResult();
        var copied = await scene.Clock.RunAsync(copying);
        Assert.Equal((200, true), (copied.Status, copied.Text.Contains("<Error>", StringComparison.Ordinal)));
        scene.Store.ForgetCalls();
        Assert.Equal("unavailable", (await scene.SendAsync("GET", "/bucket/written")).Headers["x-s3overlay-local"]);
        Assert.DoesNotContain(scene.Store.Calls, static call => call.Path == "/bucket/written");
    }

    [Fact, Trait("Rule", "F")]
    public async Task One_object_that_the_store_cannot_read_is_its_error_and_not_the_remotes_object()
    {
        await using var scene = await StoreScene.StartAsync(true, Setting);
        await StoreRequests.PrepareAsync(scene);
        scene.Remote.Put("bucket", "written", "of the remote"u8.ToArray());
        scene.Store.Fail = request => request.Path == "/bucket/written" ? (500, "InternalError") : null;
        var read = await scene.SendAsync("GET", "/bucket/written");
        Assert.Equal((500, "InternalError", false), (read.Status, read.Code, read.Headers.ContainsKey("x-s3overlay-local")));
        Assert.Equal("of the remote", (await scene.SendAsync("GET", "/bucket/remote")).Text);
    }

    /// <summary>The store breaks off after its headers, which the proxy has already taken over.</summary>
    [Fact, Trait("Rule", "F")]
    public async Task The_remotes_object_has_no_headers_of_the_stores()
    {
        await using var scene = await StoreScene.StartAsync(true, Setting);
        await StoreRequests.PrepareAsync(scene);
        scene.Remote.Put("bucket", "written", "of the remote"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/written", new string('x', 20_000), ("Content-Type", "text/local"),
            ("Content-Encoding", "gzip"), ("x-amz-meta-of", "local"))).Status);
        scene.Store.Fail = static request => request.Path == "/bucket/written" ? null : (503, "SlowDown");
        scene.Wire.Break(WireFault.Cut, afterResponseBytes: 10_000);

        var read = await scene.SendAsync("GET", "/bucket/written");
        Assert.Equal((200, "of the remote", "unavailable"), (read.Status, read.Text, read.Headers["x-s3overlay-local"]));
        Assert.Equal("binary/octet-stream", read.Headers["Content-Type"]);
        Assert.DoesNotContain(read.Headers.Keys, static name => name is "Content-Encoding" or "x-amz-meta-of");
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_remote_that_fails_is_no_outage_of_the_store()
    {
        await using var scene = await StoreScene.StartAsync(true, Setting);
        await StoreRequests.PrepareAsync(scene);
        scene.Remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 503, "ServiceUnavailable");
            return ScriptedOutcome.Answered;
        };
        var read = await scene.SendAsync("GET", "/bucket/remote");
        Assert.Equal((503, false), (read.Status, read.Headers.ContainsKey("x-s3overlay-local")));
        Assert.Equal(300_000, (await scene.SendAsync("GET", "/bucket/written")).Body.Length);
    }

    private static void Break(StoreScene scene, string how)
    {
        switch (how)
        {
            case "refused":
                scene.Wire.Break(WireFault.Refused);
                break;
            case "hanging":
                scene.Wire.Break(WireFault.Hanging);
                break;
            case "cut":
                scene.Wire.Break(WireFault.Cut);
                break;
            default:
                var status = int.Parse(how, System.Globalization.CultureInfo.InvariantCulture);
                scene.Store.Fail = _ => (status, status == 503 ? "SlowDown" : "InternalError");
                break;
        }
    }

    /// <summary>Moves the clock until the proxy has noticed that the store is back.</summary>
    private static async Task BackAsync(StoreScene scene)
    {
        for (var read = 0; (await scene.SendAsync("GET", "/bucket/written")).Headers.ContainsKey("x-s3overlay-local"); read++)
        {
            Assert.True(read < 10_000, "The proxy does not notice that the store is back.");
            scene.Clock.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
