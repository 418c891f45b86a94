using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Overlay.Remotes;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Changes;

/// <summary>What was changed here, and whether the remote has changed since (rule P2).</summary>
[Trait("Rule", "P2")]
public sealed class ChangesTests
{
    public static TheoryData<string> Layers => LayerScene.All;

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task Each_kind_of_change_is_shown_in_key_order(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        foreach (var key in (string[])["copied", "deleted", "same", "tagged", "typed", "untouched", "written"])
        {
            scene.Remote.Put("bucket", key, "remote"u8.ToArray());
        }

        await ChangeLines.OkAsync(scene, "GET", "/bucket?list-type=2");
        foreach (var absent in (string[])["new", "gone again"])
        {
            await scene.SendAsync("GET", "/bucket/" + absent.Replace(" ", "%20", StringComparison.Ordinal));
        }

        await ChangeLines.OkAsync(scene, "PUT", "/bucket/written", "mine");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/new", "mine");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/same", "remote");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/typed", "remote", ("Content-Type", "text/other"));
        await ChangeLines.TagAsync(scene, "tagged", "a", "b");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/copied", null, ("x-amz-copy-source", "/bucket/written"));
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/deleted");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/gone%20again", "mine");
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/gone%20again");
        Assert.Equal(["M copied", "D deleted", "A new", "= same", "T tagged", "T typed", "M written"], await ChangeLines.OfAsync(scene));
        Assert.Equal(["T tagged", "T typed"], await ChangeLines.OfAsync(scene, "bucket=bucket&prefix=t"));
        Assert.Equal(["D deleted"], await ChangeLines.OfAsync(scene, "bucket=bucket&key=deleted"));
        Assert.Empty(await ChangeLines.OfAsync(scene, "bucket=bucket&key=untouched"));
        Assert.Equal(7, (await ChangeLines.OfAsync(scene, "")).Length);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task What_the_remote_changed_since_is_marked(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        foreach (var key in (string[])["changed", "deleted", "lost", "same"])
        {
            scene.Remote.Put("bucket", key, "remote"u8.ToArray());
            await ChangeLines.OkAsync(scene, "HEAD", "/bucket/" + key);
        }

        await scene.SendAsync("HEAD", "/bucket/both");
        foreach (var key in (string[])["both", "changed", "lost", "same"])
        {
            await ChangeLines.OkAsync(scene, "PUT", "/bucket/" + key, "mine");
        }

        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/deleted");
        scene.Remote.Put("bucket", "both", "theirs"u8.ToArray());
        scene.Remote.Put("bucket", "changed", "theirs"u8.ToArray());
        scene.Remote.Put("bucket", "deleted", "theirs"u8.ToArray());
        scene.Remote.Remove("bucket", "lost");
        Assert.Equal(["A! both", "M! changed", "D! deleted", "A! lost", "M same"], await ChangeLines.OfAsync(scene));

        // Both have the same by now: no conflict to see.
        scene.Remote.Put("bucket", "both", "mine"u8.ToArray());
        Assert.Equal(["=! both"], await ChangeLines.OfAsync(scene, "bucket=bucket&key=both"));
        scene.Remote.Remove("bucket", "deleted");
        Assert.Equal(["D! deleted"], await ChangeLines.OfAsync(scene, "bucket=bucket&prefix=d"));
    }

    /// <summary>Without a base, the remote's date decides, by the remote's own clock.</summary>
    [Theory]
    [InlineData("embedded", -62, 0, "M k")]
    [InlineData("embedded", -30, 0, "M! k")]
    [InlineData("embedded", 30, 0, "M! k")]
    [InlineData("embedded", 3000, 3600, "M k")]
    [InlineData("embedded", -3000, -3600, "M! k")]
    [InlineData("store", -90, 0, "M k")]
    [InlineData("store", -30, 0, "M! k")]
    [InlineData("store", 3000, 3600, "M k")]
    [InlineData("store", -3000, -3600, "M! k")]
    public async Task Without_a_base_the_dates_decide(string layer, int modified, int ahead, string expected)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        var now = scene.Clock.GetUtcNow();
        scene.Remote.Put("bucket", "k", new ScriptedObject("remote"u8.ToArray(), "\"e\"", now.AddSeconds(modified), []));
        scene.Remote.Script = (_, context) =>
        {
            context.Response.Headers.Date = HttpDates.Header(scene.Clock.GetUtcNow().AddSeconds(ahead));
            return Task.FromResult(ScriptedOutcome.AsUsual);
        };
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");

        // A later write changes nothing: the first one counts.
        scene.Clock.Advance(TimeSpan.FromHours(5));
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine again");
        Assert.Equal([expected], await ChangeLines.OfAsync(scene));
        Assert.Equal([expected], await ChangeLines.OfAsync(scene, "bucket=bucket&key=k"));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_remote_without_dates_leaves_it_unknown(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "k", new ScriptedObject("remote"u8.ToArray(), "\"e\"", DateTimeOffset.UnixEpoch, []));
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
        Assert.Equal(["M? k"], await ChangeLines.OfAsync(scene));
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/new", "mine");
        Assert.Equal(["A new"], await ChangeLines.OfAsync(scene, "bucket=bucket&prefix=n"));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task Few_changes_in_many_keys_take_few_requests(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        for (var i = 0; i < 12_000; i++)
        {
            scene.Remote.Put("bucket", $"{i:d6}", "remote"u8.ToArray());
        }

        for (var i = 0; i < 10; i++)
        {
            await ChangeLines.OkAsync(scene, "PUT", $"/bucket/{i * 1200:d6}", i % 2 == 0 ? "remote" : "mine");
        }

        var asked = scene.Remote.Requests.Count;
        var changes = await ChangeLines.OfAsync(scene);
        Assert.Equal(10, changes.Length);
        Assert.Equal(5, changes.Count(static line => line[0] == '='));
        Assert.InRange(scene.Remote.Requests.Count - asked, 10, 15);

        // Those on one page share it.
        for (var i = 0; i < 300; i++)
        {
            await ChangeLines.OkAsync(scene, "DELETE", $"/bucket/{7000 + i:d6}");
        }

        asked = scene.Remote.Requests.Count;
        Assert.Equal(300, (await ChangeLines.OfAsync(scene, "bucket=bucket&prefix=007")).Length);
        Assert.Equal(1, scene.Remote.Requests.Count - asked);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "P2")]
    public async Task A_change_over_what_was_shown_costs_one_request_and_two_only_with_as_many_tags(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        for (var i = 0; i < 9_000; i++)
        {
            scene.Remote.Put("bucket", $"{i:d6}", "remote"u8.ToArray());
        }

        string[] keys = [.. Enumerable.Range(0, 6).Select(static i => $"{i * 1500:d6}")];
        foreach (var key in keys)
        {
            await ChangeLines.OkAsync(scene, "GET", "/bucket/" + key);
        }

        await ChangeLines.OkAsync(scene, "PUT", "/bucket/" + keys[0], "remote");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/" + keys[1], "remote", ("x-amz-meta-a", "b"));
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/" + keys[2], "longer than the remote's");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/" + keys[3], "other!");
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/" + keys[4]);
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/" + keys[5], "remote", ("x-amz-tagging", "a=b"));
        var asked = scene.Remote.Requests.Count;
        Assert.Equal([$"= {keys[0]}", $"T {keys[1]}", $"M {keys[2]}", $"M {keys[3]}", $"D {keys[4]}", $"T {keys[5]}"],
            await ChangeLines.OfAsync(scene));
        var requests = scene.Remote.Requests.Skip(asked).ToList();
        Assert.True(requests.Count == 6, string.Join('\n', requests));

        // One tag on each side: their values decide.
        scene.Remote.Put("bucket", keys[5], "remote"u8.ToArray(), ("x-amz-tagging-count", "1"));
        asked = scene.Remote.Requests.Count;
        await ChangeLines.OfAsync(scene);
        Assert.Equal(7, scene.Remote.Requests.Count - asked);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_remote_that_may_not_be_listed_is_asked_key_by_key(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "a", "remote"u8.ToArray());
        scene.Remote.Put("bucket", "b", "remote"u8.ToArray());
        await ChangeLines.OkAsync(scene, "GET", "/bucket/a");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/a", "mine");
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/b");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/c", "mine");
        scene.Remote.Script = async (request, context) =>
        {
            if (request.Key.Length > 0 || request.Method == "HEAD")
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, StatusCodes.Status403Forbidden, "AccessDenied");
            return ScriptedOutcome.Answered;
        };
        var asked = scene.Remote.Requests.Count;
        Assert.Equal(["M a", "D! b", "A c"], await ChangeLines.OfAsync(scene));

        // The 404 of a HEAD does not say whether the bucket is there.
        Assert.Equal(5, scene.Remote.Requests.Count - asked);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_remote_that_fails_is_an_error_and_a_missing_bucket_is_empty(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_BUCKET_MAPPING", "bucket:elsewhere"));
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/a", "mine");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/b", "mine");
        Assert.Equal(["A a", "A b"], await ChangeLines.OfAsync(scene));
        scene.Remote.AddBucket("elsewhere");
        scene.Remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, StatusCodes.Status500InternalServerError, "InternalError");
            return ScriptedOutcome.Answered;
        };
        var failed = await scene.SendAsync("GET", "/-/v1/changes?bucket=bucket");
        Assert.Equal(503, failed.Status);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task Different_ETags_of_equal_bytes_need_a_checksum(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        var bytes = "123456789"u8.ToArray();
        scene.Remote.Put("bucket", "proved", new ScriptedObject(bytes, "\"0123-2\"", scene.Clock.GetUtcNow(),
            [("x-amz-checksum-crc32", "y/Q5Jg=="), ("x-amz-checksum-type", "FULL_OBJECT")]));
        scene.Remote.Put("bucket", "unproved", new ScriptedObject(bytes, "\"0123-2\"", scene.Clock.GetUtcNow(), []));
        await ChangeLines.OkAsync(scene, "GET", "/bucket?list-type=2");
        foreach (var key in (string[])["proved", "unproved"])
        {
            await ChangeLines.OkAsync(scene, "PUT", "/bucket/" + key, "123456789", ("x-amz-checksum-crc32", "y/Q5Jg=="));
        }

        Assert.Equal(["= proved", "M unproved"], await ChangeLines.OfAsync(scene));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task Tags_are_compared_by_value(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray(), ("x-amz-tagging-count", "1"));
        var tag = "b";
        scene.Remote.Script = async (request, context) =>
        {
            if (request.RawQuery != "tagging")
            {
                return ScriptedOutcome.AsUsual;
            }

            await context.Response.WriteAsync($"<Tagging><TagSet><Tag><Key>a</Key><Value>{tag}</Value></Tag></TagSet></Tagging>");
            return ScriptedOutcome.Answered;
        };
        await ChangeLines.TagAsync(scene, "k", "a", "b");
        Assert.Equal(["= k"], await ChangeLines.OfAsync(scene));
        tag = "c";
        Assert.Equal(["T k"], await ChangeLines.OfAsync(scene));
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        Assert.StartsWith("T", Assert.Single(await ChangeLines.OfAsync(scene)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_deleted_bucket_is_one_change(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/k");
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket");
        Assert.Equal(["D? bucket/"], await ChangeLines.OfAsync(scene));
        await ChangeLines.OkAsync(scene, "PUT", "/bucket");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
        Assert.Equal("D? bucket/", (await ChangeLines.OfAsync(scene))[0]);
        Assert.Equal("M", (await ChangeLines.OfAsync(scene))[1][..1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_key_is_compared_at_the_remote_that_decides_it(bool isOnStore)
    {
        await using var scene = await RemotesScene.StartAsync(isOnStore);
        RemotesScene.Put(scene.First!, "data", "a", "first");
        RemotesScene.Put(scene.First!, "data", "models/m", "hidden");
        RemotesScene.Put(scene.Models, "ml", "released/m", "model");
        foreach (var key in (string[])["a", "models/m", "models/new", "z"])
        {
            await scene.SendAsync("GET", "/data/" + key);
            Assert.Equal(200, (await scene.SendAsync("PUT", "/data/" + key, "mine")).Status);
        }

        var lines = await ChangeLines.ReadAsync(await scene.SendAsync("GET", "/-/v1/changes?bucket=data"));
        Assert.Equal(["M a", "M models/m", "A models/new", "A z"], lines.Select(ChangeLines.Show));
        var place = lines[1].GetProperty("place");
        Assert.Equal((RemotesScene.TextOf(scene.Models), "ml", "released/m"),
            (place.GetProperty("endpoint").GetString()!.TrimEnd('/'), place.GetProperty("bucket").GetString(),
                place.GetProperty("key").GetString()));

        // Bare has a remote for one prefix only: what lies elsewhere differs from nothing.
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bare/part/k", "mine")).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bare/other", "mine")).Status);
        lines = await ChangeLines.ReadAsync(await scene.SendAsync("GET", "/-/v1/changes?bucket=bare&prefix=part"));
        Assert.Equal(["A part/k"], lines.Select(ChangeLines.Show));
    }

    [Fact]
    public async Task A_bucket_without_a_remote_has_no_changes()
    {
        await using var scene = await LayerScene.StartAsync(
            "embedded", ("S3_OVERLAY_BUCKET_MAPPING", "mapped:mapped"), ("S3_OVERLAY_UNMAPPED", "deny"));
        await ChangeLines.OkAsync(scene, "PUT", "/plain");
        Assert.Equal((400, "InvalidRequest"), await CodeAsync(scene, "GET", "changes?bucket=plain"));
        Assert.Equal((400, "InvalidRequest"), await CodeAsync(scene, "POST", "revert?bucket=plain"));
        Assert.Equal((400, "InvalidArgument"), await CodeAsync(scene, "GET", "changes?prefix=p"));
        Assert.Empty(await ChangeLines.OfAsync(scene, ""));
    }

    private static async Task<(int, string)> CodeAsync(LayerScene scene, string method, string call)
    {
        var response = await scene.SendAsync(method, "/-/v1/" + call);
        return (response.Status, System.Text.Json.JsonDocument.Parse(response.Text).RootElement.GetProperty("code").GetString()!);
    }
}
