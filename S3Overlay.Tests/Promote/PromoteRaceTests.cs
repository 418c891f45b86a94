using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Promote;

/// <summary>Others write, or the command ends, while it sends: nothing is lost on either side (rule P4).</summary>
[Trait("Rule", "P4")]
public sealed class PromoteRaceTests
{
    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task A_change_of_the_remote_between_look_and_write_is_a_conflict(string method)
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.PutUpstreamAsync("k", "remote");
        await scene.OkAsync(method, "/photos/k", method == "PUT" ? "mine" : null);
        var others = 0;
        scene.Upstream.Before = async call =>
        {
            if (call.Method == method && call.Path == "/prod/p/k" && Interlocked.Increment(ref others) == 1)
            {
                await scene.Http.SendAsync("PUT", "/prod/p/k", "another client's"u8.ToArray());
            }
        };

        Assert.Equal("3: conflict* k", await scene.RunJsonAsync("photos/k", "--delete"));
        Assert.True(others > 0);
        Assert.Equal("another client's", await scene.UpstreamAsync("k"));
        Assert.Equal(method == "PUT" ? ["M! k"] : ["D! k"], await scene.ChangesAsync());
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task A_clients_write_while_its_key_is_sent_survives(string method)
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.PutUpstreamAsync("k", "remote");
        await scene.OkAsync(method, "/photos/k", method == "PUT" ? "mine" : null);
        scene.Upstream.After = async call =>
        {
            if (call.Method == method && call.Path == "/prod/p/k")
            {
                await scene.OkAsync("PUT", "/photos/k", "newer");
            }
        };

        var result = await scene.RunAsync("photos/k", "--delete");
        Assert.Contains("a newer version stays here", result.Errors, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(method == "PUT" ? "mine" : null, await scene.UpstreamAsync("k"));
        Assert.Equal("newer", (await scene.OkAsync("GET", "/photos/k")).Text);
    }

    [Fact]
    public async Task An_object_that_another_client_replaced_after_the_upload_does_not_end_the_local_version()
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.OkAsync("PUT", "/photos/k", "mine");
        var others = 0;
        scene.Upstream.After = async call =>
        {
            if (call is { Method: "PUT", Path: "/prod/p/k", Status: 200 } && Interlocked.Increment(ref others) == 1)
            {
                await scene.Http.SendAsync("PUT", "/prod/p/k", "another client's"u8.ToArray());
            }
        };

        Assert.Equal("0: sent* k", await scene.RunJsonAsync("photos/k"));
        Assert.Equal("another client's", await scene.UpstreamAsync("k"));
        Assert.Equal("mine", (await scene.OkAsync("GET", "/photos/k")).Text);
    }

    [Fact]
    public async Task A_clients_open_upload_of_a_sent_key_goes_on()
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.OkAsync("PUT", "/photos/k", "mine");
        var began = await scene.OkAsync("POST", "/photos/k?uploads");
        var upload = System.Text.RegularExpressions.Regex.Match(began.Text, "<UploadId>([^<]+)").Groups[1].Value;

        Assert.Equal("0: sent k", await scene.RunJsonAsync("photos/k"));
        await scene.OkAsync("PUT", $"/photos/k?partNumber=1&uploadId={upload}", "newer");
    }

    [Fact]
    public async Task A_command_that_is_killed_after_the_upload_leaves_both_and_the_next_one_ends_it()
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.PutUpstreamAsync("k", "remote");
        await scene.OkAsync("PUT", "/photos/k", "mine");
        using var process = scene.Start("photos/k");
        scene.Upstream.After = call =>
        {
            if (call is { Method: "PUT", Path: "/prod/p/k", Status: 200 })
            {
                process.Kill();
            }

            return Task.CompletedTask;
        };
        await PromoteScene.EndAsync(process);
        scene.Upstream.After = null;
        Assert.Equal(("mine", "mine"), (await scene.UpstreamAsync("k"), (await scene.OkAsync("GET", "/photos/k")).Text));
        Assert.Equal("0: same k", await scene.RunJsonAsync("photos/k"));
        Assert.Empty(await scene.ChangesAsync());
    }

    [Fact]
    public async Task An_upload_whose_response_is_lost_is_found_to_be_ours()
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.PutUpstreamAsync("k", "remote");
        await scene.OkAsync("PUT", "/photos/k", "mine");
        var cut = 0;
        scene.Upstream.After = call => call is { Method: "PUT", Path: "/prod/p/k", Status: 200 } && Interlocked.Increment(ref cut) == 1
            ? throw new IOException("cut") : Task.CompletedTask;

        Assert.Equal("0: sent k", await scene.RunJsonAsync("photos/k"));
        Assert.Equal(1, cut);
        Assert.Equal("mine", await scene.UpstreamAsync("k"));
        Assert.Empty(await scene.ChangesAsync());
    }

    [Fact]
    public async Task A_store_without_conditions_is_refused_unless_unchecked()
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.PutUpstreamAsync("k", "remote");
        await scene.OkAsync("PUT", "/photos/k", "mine");
        scene.Upstream.Alter = static request =>
        {
            request.Headers.Remove("If-Match");
            request.Headers.Remove("If-None-Match");
        };

        var refused = await scene.RunAsync("photos/k");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("does not honour conditions on PUT", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("--unchecked", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("remote", await scene.UpstreamAsync("k"));
        Assert.Equal(["p/k"], await scene.KeysAsync());

        Assert.Equal("0: sent k", await scene.RunJsonAsync("photos/k", "--unchecked"));
        Assert.Equal("mine", await scene.UpstreamAsync("k"));
        Assert.Empty(await scene.ChangesAsync());
    }
}
