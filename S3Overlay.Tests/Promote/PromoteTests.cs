using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Promote;

/// <summary>Sending changes to the remote with <c>promote</c> (rule P4).</summary>
[Trait("Rule", "P4")]
public sealed class PromoteTests
{
    public static TheoryData<string> Layers => PromoteScene.Layers;

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task Each_kind_of_change_is_sent_and_the_remote_shows_again(string layer)
    {
        await using var scene = await PromoteScene.StartAsync(layer);
        foreach (var key in (string[])["deleted", "over", "same", "tagged"])
        {
            await scene.PutUpstreamAsync(key, "remote");
        }

        await scene.OkAsync("PUT", "/photos/new%20%C3%A4%2F..%2Fb", "mine",
            ("Content-Type", "text/x-new"), ("Cache-Control", "no-cache"), ("x-amz-meta-name", "caf\u00c3\u00a9"),
            ("x-amz-tagging", "a=b%20c&d="));
        await scene.OkAsync("PUT", "/photos/over", "mine over it");
        await scene.OkAsync("PUT", "/photos/same", "remote");
        await scene.OkAsync("PUT", "/photos/tagged", "remote", ("x-amz-meta-new", "1"));
        await scene.OkAsync("DELETE", "/photos/deleted");

        Assert.Equal("0: same same, sent new ä/../b, sent over, sent tagged, skipped* deleted", await scene.RunJsonAsync("photos"));
        Assert.Equal("mine over it", await scene.UpstreamAsync("over"));
        Assert.Equal(["D deleted"], await scene.ChangesAsync());
        Assert.Equal("remote", await scene.UpstreamAsync("deleted"));
        var sent = await scene.Http.SendAsync("GET", "/prod/p/new%20%C3%A4%2F..%2Fb");
        Assert.Equal(("mine", "text/x-new", "no-cache", "caf\u00c3\u00a9", "2"), (sent.Text, sent.Headers["Content-Type"],
            sent.Headers["Cache-Control"], sent.Headers["x-amz-meta-name"], sent.Headers["x-amz-tagging-count"]));
        Assert.Contains("<Key>a</Key><Value>b c</Value>", (await scene.Http.SendAsync("GET", "/prod/p/new%20%C3%A4%2F..%2Fb?tagging")).Text,
            StringComparison.Ordinal);
        Assert.Equal("1", (await scene.Http.SendAsync("HEAD", "/prod/p/tagged")).Headers["x-amz-meta-new"]);

        Assert.Equal("0: deleted deleted", await scene.RunJsonAsync("photos", "--delete"));
        Assert.Null(await scene.UpstreamAsync("deleted"));
        Assert.Empty(await scene.ChangesAsync());
        Assert.Equal(404, (await scene.Proxy.SendAsync("GET", "/photos/deleted")).Status);
        Assert.Equal("mine over it", (await scene.OkAsync("GET", "/photos/over")).Text);
        Assert.DoesNotContain(await scene.KeysAsync(), static key => key.Contains("s3overlay", StringComparison.Ordinal));
        Assert.Contains("Nothing to promote.", (await scene.RunAsync("photos")).Succeeded(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "P1")]
    public async Task What_changed_on_both_sides_is_skipped_also_after_a_revert_and_an_import(string layer)
    {
        await using var scene = await PromoteScene.StartAsync(layer);
        using var folder = new TemporaryFolder();
        await scene.PutUpstreamAsync("both", "remote");
        await scene.PutUpstreamAsync("deleted", "remote");
        await scene.OkAsync("PUT", "/photos/both", "mine");
        await scene.OkAsync("DELETE", "/photos/deleted");
        await scene.Http.SendAsync("PUT", "/prod/p/both", "newer"u8.ToArray());
        await scene.Http.SendAsync("PUT", "/prod/p/deleted", "newer"u8.ToArray());
        var archive = folder["saved.tar"];
        foreach (var line in (string[][])[["revert", "photos", "--yes", "--save", archive], ["import", archive, "-y"]])
        {
            Assert.Equal(0, await CommandLine.RunAsync([.. line, "--endpoint", scene.Proxy.Endpoint.ToString()], TextWriter.Null,
                TextWriter.Null));
            Assert.Equal(line[0] == "revert" ? "newer" : "mine", (await scene.Proxy.SendAsync("GET", "/photos/both")).Text);
        }

        Assert.Equal(["M! both", "D! deleted"], await scene.ChangesAsync());
        Assert.Equal("3: conflict* both, conflict* deleted", await scene.RunJsonAsync("photos", "--delete"));
        Assert.Equal(("newer", "newer"), (await scene.UpstreamAsync("both"), await scene.UpstreamAsync("deleted")));
    }

    [Fact]
    public async Task What_changed_on_both_sides_is_skipped_unless_forced()
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.PutUpstreamAsync("both", "remote");
        await scene.PutUpstreamAsync("fine", "remote");
        await scene.OkAsync("PUT", "/photos/both", "mine");
        await scene.OkAsync("PUT", "/photos/fine", "mine");
        await scene.Http.SendAsync("PUT", "/prod/p/both", "newer"u8.ToArray());

        var result = await scene.RunAsync("photos", "--yes");
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("conflict  photos/both: the remote has changed too", result.Errors, StringComparison.Ordinal);
        Assert.Contains("Sent 1 object (4 bytes) and 0 deletes; 1 key shows the remote again.", result.Output, StringComparison.Ordinal);
        Assert.Equal(("newer", "mine"), (await scene.UpstreamAsync("both"), await scene.UpstreamAsync("fine")));
        Assert.Equal(["M! both"], await scene.ChangesAsync());

        Assert.Equal("0: sent both", await scene.RunJsonAsync("photos/both", "--force"));
        Assert.Equal("mine", await scene.UpstreamAsync("both"));
        Assert.Empty(await scene.ChangesAsync());
    }

    [Fact]
    public async Task A_sent_version_can_stay_here()
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.OkAsync("PUT", "/photos/k", "mine");
        Assert.Equal("0: sent* k", await scene.RunJsonAsync("photos/k", "--keep"));
        Assert.Equal("mine", await scene.UpstreamAsync("k"));
        Assert.Equal(["=! k"], await scene.ChangesAsync());
        Assert.Equal("0: same k", await scene.RunJsonAsync("photos/k"));
        Assert.Empty(await scene.ChangesAsync());
    }

    [Fact]
    public async Task A_dry_run_lists_and_sends_nothing_and_globs_choose_keys()
    {
        await using var scene = await PromoteScene.StartAsync();
        foreach (var key in (string[])["a.jpg", "sub/b.jpg", "sub/c.txt", "sub/deep/d.jpg"])
        {
            await scene.OkAsync("PUT", "/photos/" + key, "mine");
        }

        var listed = (await scene.RunAsync("photos", "-n", "--include", "*.jpg", "--exclude", "sub/*.jpg")).Succeeded();
        Assert.Equal("A   send  4 bytes  photos/a.jpg\nA   send  4 bytes  photos/sub/deep/d.jpg\n"
            + "Would send 2 objects (8 bytes) and 0 deletes.\n", listed);
        var asked = await scene.RunAsync("photos");
        Assert.Equal((2, ""), (asked.ExitCode, asked.Output));
        Assert.Contains("Send 4 objects (16 bytes) and 0 deletes to the remote, and revert them here? Add --yes", asked.Errors,
            StringComparison.Ordinal);
        Assert.Empty(await scene.KeysAsync());
        Assert.Equal("0: sent sub/c.txt", await scene.RunJsonAsync("photos/sub/", "--exclude", "*.{jpg,png}"));
        Assert.Equal(["p/sub/c.txt"], await scene.KeysAsync());
    }

    [Fact]
    public async Task Each_remote_gets_its_keys_with_its_own_profile()
    {
        await using var other = await StoreServer.StartAsync();
        var there = new SignedHttp(other.Endpoint);
        await there.SendAsync("PUT", "/european");
        await using var scene = await PromoteScene.StartAsync("embedded",
            ("S3_OVERLAY_REMOTES", "eu"), ("S3_OVERLAY_REMOTE_EU_ENDPOINT", other.Endpoint.ToString().TrimEnd('/')),
            ("S3_OVERLAY_REMOTE_EU_ACCESS_KEY_ID", "minioadmin"), ("S3_OVERLAY_REMOTE_EU_SECRET_ACCESS_KEY", "minioadmin"),
            ("S3_OVERLAY_REMOTE_EU_BACKS", "photos/eu/:european/x/"));
        await scene.OkAsync("PUT", "/photos/eu/k", "european");
        await scene.OkAsync("PUT", "/photos/k", "mine");

        Assert.Equal("0: sent eu/k", await scene.RunJsonAsync("photos/eu/", "--to", "eu=writer"));
        Assert.Equal("european", (await there.SendAsync("GET", "/european/x/k")).Text);
        Assert.Equal(["A k"], await scene.ChangesAsync());
        Assert.Contains("No credentials are given", (await scene.RunAsync("photos", "--to", "eu=writer")).Errors, StringComparison.Ordinal);
        Assert.Equal("0: sent k", await scene.RunJsonAsync("photos", "--to", "eu=writer", "--profile", "writer"));
        Assert.Equal("mine", await scene.UpstreamAsync("k"));
    }

    [Theory]
    [InlineData("There is no AWS profile 'missing'", "--profile", "missing")]
    [InlineData("No credentials are given for the remote without a name.", "--to", "eu=writer")]
    [InlineData("403", "--profile", "stranger")]
    public async Task Wrong_credentials_are_one_clear_line(string problem, params string[] line)
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.OkAsync("PUT", "/photos/k", "mine");
        await scene.OkAsync("PUT", "/photos/l", "mine");
        var result = await scene.RunAsync(["photos", "--yes", .. line]);
        Assert.Equal(1, result.ExitCode);
        Assert.Single(result.Errors.Split('\n'), text => text.Contains(problem, StringComparison.Ordinal));
        Assert.Equal(["A k", "A l"], await scene.ChangesAsync());
        Assert.Empty(await scene.KeysAsync());
    }
}
