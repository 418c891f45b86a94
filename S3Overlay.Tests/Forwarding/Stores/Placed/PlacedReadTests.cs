using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>Reads of copies that stand under their own keys, and of objects that only look like one.</summary>
public sealed class PlacedReadTests
{
    [Fact, Trait("Rule", "W4"), Trait("Rule", "V1")]
    public async Task A_copy_of_the_version_null_is_of_the_remotes_object_and_not_of_the_overlays_own()
    {
        await using var scene = await PlaceScene.StartAsync();
        scene.Remote.Put(
            "bucket", "k", new ScriptedObject("remote"u8.ToArray(), "\"of-the-remote-2\"", DateTimeOffset.UtcNow.AddDays(-3), []));
        await scene.SendAsync("GET", "/bucket/k");
        await scene.Store.UntilAsync(() => scene.Calls().Count(call => call == "DELETE o") > 0, "not placed");
        await scene.IdleAsync();
        (string, string)[] source = [("x-amz-copy-source", "/bucket/k?versionId=null"),
            ("x-amz-copy-source-if-match", "\"of-the-remote-2\"")];
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/copy", null, source)).Status);
        var upload = (await scene.SendAsync("POST", "/bucket/parts?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        Assert.Equal(200, (await scene.SendAsync("PUT", $"/bucket/parts?partNumber=1&uploadId={upload}", null, source)).Status);
        var copy = await scene.AskStoreAsync("GET", "/bucket/copy");
        Assert.Equal("remote", copy.Text);
        Assert.DoesNotContain(copy.Headers.Keys, name => name.StartsWith("x-amz-meta-s3overlay", StringComparison.OrdinalIgnoreCase));

        await scene.SendAsync("PUT", "/bucket/k", "written");
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/copy", null, source[0])).Status);
        Assert.Equal("written", (await scene.SendAsync("GET", "/bucket/copy")).Text);
    }

    [Fact, Trait("Rule", "E4")]
    public async Task A_copy_is_a_plain_object_under_its_own_key_and_is_answered_as_the_remotes()
    {
        await using var scene = await PlaceScene.StartAsync();
        var bytes = Encoding.UTF8.GetBytes("remote");
        var original = new ScriptedObject(bytes, "\"of-the-remote-2\"", DateTimeOffset.UtcNow.AddDays(-3),
            [("Cache-Control", "no-cache"), ("x-amz-meta-colour", "blue")]);
        await scene.FillAsync("k");
        await scene.SendAsync("DELETE", "/bucket/k");
        scene.Remote.Put("bucket", "l", original);
        Assert.Equal("MISS", (await scene.SendAsync("GET", "/bucket/l")).Headers["x-cache"]);
        await scene.Store.UntilAsync(() => scene.Calls().Count(call => call == "DELETE o") > 0, "not placed");
        await scene.IdleAsync();

        var seen = await scene.AskStoreAsync("GET", "/bucket/l");
        Assert.Equal(("remote", "no-cache", "blue"), (seen.Text, seen.Headers["Cache-Control"], seen.Headers["x-amz-meta-colour"]));
        var warm = await scene.SendAsync("GET", "/bucket/l");
        Assert.Equal(("remote", "cache", "HIT", "\"of-the-remote-2\""),
            (warm.Text, warm.Headers["x-s3overlay-layer"], warm.Headers["x-cache"], warm.Headers["ETag"]));
        Assert.Equal(original.LastModified.ToString("R"), warm.Headers["Last-Modified"]);
        Assert.Equal("blue", warm.Headers["x-amz-meta-colour"]);
        Assert.DoesNotContain(warm.Headers.Keys, name => name.StartsWith("x-amz-meta-s3overlay", StringComparison.OrdinalIgnoreCase));
        var head = await scene.SendAsync("HEAD", "/bucket/l");
        Assert.Equal(("6", "\"of-the-remote-2\"", "HIT"), (head.Headers["Content-Length"], head.Headers["ETag"], head.Headers["x-cache"]));
        Assert.Equal(304, (await scene.SendAsync("GET", "/bucket/l", null, ("If-None-Match", "\"of-the-remote-2\""))).Status);
        Assert.Equal(200, (await scene.SendAsync("GET", "/bucket/l", null, ("If-Match", "\"of-the-remote-2\""))).Status);
        var md5 = Convert.ToHexStringLower(MD5.HashData(bytes));
        Assert.Equal(200, (await scene.SendAsync("GET", "/bucket/l", null, ("If-None-Match", $"\"{md5}\""))).Status);
        Assert.Equal(412, (await scene.SendAsync("GET", "/bucket/l", null, ("If-Match", $"\"{md5}\""))).Status);
        var part = await scene.SendAsync("GET", "/bucket/l", null, ("Range", "bytes=2-3"));
        Assert.Equal((206, "mo", "bytes 2-3/6"), (part.Status, part.Text, part.Headers["Content-Range"]));
        Assert.Equal(416, (await scene.SendAsync("GET", "/bucket/l", null, ("Range", "bytes=9-"))).Status);
        Assert.Single(scene.Remote.Requests, request => request.Key == "l");
    }

    [Theory, Trait("Rule", "E4"), Trait("Rule", "T1")]
    [InlineData("tagging", "blue")]
    [InlineData("tagging&versionId=null", "blue")]
    [InlineData("attributes", "of-the-remote-2")]
    public async Task A_copy_that_comes_while_a_sub_resource_is_read_is_not_taken_for_written(string question, string expected)
    {
        await using var scene = await PlaceScene.StartAsync();
        scene.Remote.Put(
            "bucket", "k", new ScriptedObject("remote"u8.ToArray(), "\"of-the-remote-2\"", DateTimeOffset.UtcNow.AddDays(-3), []));
        scene.Remote.Script = static async (request, context) =>
        {
            if (!request.RawQuery.StartsWith("tagging", StringComparison.Ordinal))
            {
                return ScriptedOutcome.AsUsual;
            }

            await context.Response.WriteAsync("<Tagging><TagSet><Tag><Key>colour</Key><Value>blue</Value></Tag></TagSet></Tagging>");
            return ScriptedOutcome.Answered;
        };
        var goOn = new TaskCompletionSource();
        var isWaiting = false;
        scene.Store.Before = async call =>
        {
            if (call is { Method: "PUT", Path: "/bucket/k" })
            {
                isWaiting = true;
                await goOn.Task;
            }
            else if (call is { Method: "GET", Path: "/bucket/k", Query.Length: > 0 } && goOn.TrySetResult())
            {
                // The key was looked at, and nothing was there.
                await scene.Store.UntilAsync(() => scene.Store.Calls.Any(
                    static put => put is { Method: "PUT", Path: "/bucket/k", Status: 200 }), "The copy was not put.");
            }
        };
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/k")).Text);
        await Patience.UntilAsync(() => isWaiting, "No copy is put.");

        var answer = await scene.SendAsync("GET", $"/bucket/k?{question}", null, ("x-amz-object-attributes", "ETag"));

        goOn.TrySetResult();
        await scene.IdleAsync();
        Assert.Contains(expected, answer.Text, StringComparison.Ordinal);
        Assert.NotEqual("local", answer.Headers["x-s3overlay-layer"]);
    }

    /// <summary>A store that does not know the question is asked for the object's headers instead.</summary>
    [Fact, Trait("Rule", "E4"), Trait("Rule", "R8")]
    public async Task A_copy_that_comes_while_attributes_are_read_of_a_store_without_is_not_taken_for_written()
    {
        await using var scene = await PlaceScene.StartAsync(static store =>
            store.Take = static context => context.Request.Query.ContainsKey("attributes")
                ? ScriptedRemote.AnswerErrorAsync(context, 501, "NotImplemented") : null);
        scene.Remote.Put(
            "bucket", "k", new ScriptedObject("remote"u8.ToArray(), "\"of-the-remote-2\"", DateTimeOffset.UtcNow.AddDays(-3), []));
        var goOn = new TaskCompletionSource();
        var isWaiting = false;
        scene.Store.Before = async call =>
        {
            if (call is { Method: "PUT", Path: "/bucket/k" })
            {
                isWaiting = true;
                await goOn.Task;
            }
            else if (call is { Method: "HEAD", Path: "/bucket/k", Query.Length: > 0 } && goOn.TrySetResult())
            {
                // The key was looked at, and nothing was there.
                await scene.Store.UntilAsync(() => scene.Store.Calls.Any(
                    static put => put is { Method: "PUT", Path: "/bucket/k", Status: 200 }), "The copy was not put.");
            }
        };
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/k")).Text);
        await Patience.UntilAsync(() => isWaiting, "No copy is put.");

        var answer = await scene.SendAsync("GET", "/bucket/k?attributes&versionId=null", null, ("x-amz-object-attributes", "ETag"));

        goOn.TrySetResult();
        await scene.IdleAsync();
        Assert.Contains("of-the-remote-2", answer.Text, StringComparison.Ordinal);
        Assert.NotEqual("local", answer.Headers["x-s3overlay-layer"]);
    }

    /// <summary>Nobody but the store judges that where no account is named here.</summary>
    [Theory, Trait("Rule", "A1")]
    [InlineData("tagging")]
    [InlineData("attributes")]
    public async Task Whose_the_bucket_has_to_be_the_store_judges_of_what_is_not_written_too(string question)
    {
        await using var scene = await PlaceScene.StartAsync(static store => store.Refuse = static request =>
            request.Headers["x-amz-expected-bucket-owner"] == "999999999999" ? 403 : null);
        scene.Remote.Put("bucket", "absent", "remote"u8.ToArray());
        await scene.FillAsync("copy");
        foreach (var key in (string[])["absent", "copy"])
        {
            foreach (var (owner, isDenied) in ((string, bool)[])[("999999999999", true), ("123456789012", false)])
            {
                var answer = await scene.SendAsync("GET", $"/bucket/{key}?{question}", null, ("x-amz-object-attributes", "ETag"),
                    ("x-amz-expected-bucket-owner", owner));
                Assert.True((answer.Status == 403, answer.Headers["x-s3overlay-layer"] == "local") == (isDenied, isDenied),
                    $"{key}, {owner}: {answer.Status} {answer.Text}");
            }
        }
    }

    [Theory, Trait("Rule", "E4"), Trait("Rule", "R6")]
    [InlineData("If-None-Match", "the store's", 200)]
    [InlineData("If-Match", "\"of-the-remote-3\"", 200)]
    [InlineData("Range", "bytes=6-", 206)]
    public async Task What_the_store_judges_by_a_copy_that_is_gone_at_the_next_look_counts_for_nothing(
        string header, string value, int status)
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("k");
        var copy = (await scene.AskStoreAsync("HEAD", "/bucket/k")).Headers["ETag"];
        scene.Remote.Put(
            "bucket", "k", new ScriptedObject("longer than before"u8.ToArray(), "\"of-the-remote-3\"", DateTimeOffset.UtcNow, []));
        scene.Store.Before = async call =>
        {
            if (call is { Method: "HEAD", Path: "/bucket/k" })
            {
                // Another reader has found the remote changed.
                scene.Store.Before = null;
                await scene.AskStoreAsync("DELETE", "/bucket/k");
            }
        };

        var answer = await scene.SendAsync("GET", "/bucket/k", null, (header, value == "the store's" ? copy : value));

        Assert.Equal((status, "remote"), (answer.Status, answer.Headers["x-s3overlay-layer"]));
    }

    [Theory, Trait("Rule", "E4")]
    [InlineData("GET", null)]
    [InlineData("GET", "bytes=100000-200000")]
    [InlineData("GET", "bytes=-5")]
    [InlineData("HEAD", null)]
    public async Task A_warm_read_is_one_call_beside_the_tombstone(string method, string? range)
    {
        await using var scene = await PlaceScene.StartAsync();
        var body = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"{i:d6} "));
        await scene.FillAsync("k", body);
        var answer = await scene.SendAsync(method, "/bucket/k", null, range is null ? [] : [("Range", range)]);
        Assert.Equal(method == "HEAD" ? "" : range switch { null => body, "bytes=-5" => body[^5..], _ => body[100_000..200_001] },
            answer.Text);
        Assert.Equal([$"{method} k", "HEAD t"], scene.Calls().Where(call => !call.Contains('?')));
    }

    [Fact, Trait("Rule", "E4")]
    public async Task An_empty_object_and_one_above_the_threshold_are_read_as_ever()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("empty", "");
        Assert.Equal("HIT", (await scene.SendAsync("GET", "/bucket/empty")).Headers["x-cache"]);
        await scene.FillAsync("large", new string('x', 3 << 19));
        Assert.Equal(404, (await scene.AskStoreAsync("HEAD", "/bucket/large")).Status);
        Assert.Equal(3 << 19, (await scene.SendAsync("GET", "/bucket/large")).Body.Length);
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "T5")]
    public async Task A_mark_that_is_not_the_objects_own_makes_no_copy_and_does_not_show()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("k");
        await scene.AskStoreAsync("PUT", "/bucket/elsewhere", null, ("x-amz-copy-source", "/bucket/k"));
        var copied = await scene.SendAsync("GET", "/bucket/elsewhere");
        Assert.Equal(("remote", "local"), (copied.Text, copied.Headers["x-s3overlay-layer"]));
        Assert.DoesNotContain(copied.Headers.Keys, name => name.Contains("s3overlay-record", StringComparison.OrdinalIgnoreCase));

        var mark = (await scene.AskStoreAsync("HEAD", "/bucket/k")).Headers
            .Where(header => header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase));
        await scene.AskStoreAsync("PUT", "/bucket/k", "by a tool", [.. mark.Select(header => (header.Key, header.Value))]);
        var written = await scene.SendAsync("GET", "/bucket/k");
        Assert.Equal(("by a tool", "local"), (written.Text, written.Headers["x-s3overlay-layer"]));
        Assert.DoesNotContain(written.Headers.Keys, name => name.Contains("s3overlay-record", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(await scene.ListAsync(), row => row.StartsWith("k 9 ", StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "W4")]
    public async Task A_copy_of_a_copy_is_the_remotes_object()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("k", "remote", ("x-amz-meta-colour", "blue"));
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/target", null, ("x-amz-copy-source", "/bucket/k"))).Status);
        var target = await scene.AskStoreAsync("GET", "/bucket/target");
        Assert.Equal(("remote", "blue"), (target.Text, target.Headers["x-amz-meta-colour"]));
        Assert.DoesNotContain(target.Headers.Keys, name => name.StartsWith("x-amz-meta-s3overlay", StringComparison.OrdinalIgnoreCase));
    }

    [Theory, Trait("Rule", "E4")]
    [InlineData("If-None-Match")]
    [InlineData("ETag")]
    [InlineData("versioning")]
    public async Task Where_it_is_not_safe_copies_are_in_the_cache_bucket(string what)
    {
        await using var scene = await PlaceScene.StartAsync(store =>
        {
            if (what == "If-None-Match")
            {
                store.Alter = request => request.Headers.Remove("If-None-Match");
            }
            else if (what == "versioning")
            {
                store.Refuse = request => request.QueryString.Value!.StartsWith("?versioning", StringComparison.Ordinal)
                    && request.Path.Value == "/bucket" ? 403 : null;
            }
            else
            {
                // Answers of PUT and HEAD whose ETag is none of the bytes.
                store.Before = _ => Task.CompletedTask;
                store.Alter = request => request.HttpContext.Response.OnStarting(() =>
                {
                    if (request.HttpContext.Response.Headers.ETag.Count > 0)
                    {
                        request.HttpContext.Response.Headers.ETag = "\"0123456789abcdef0123456789abcdef\"";
                    }

                    return Task.CompletedTask;
                });
            }
        });
        await scene.FillAsync("k");
        Assert.Equal(404, (await scene.AskStoreAsync("HEAD", "/bucket/k")).Status);
        Assert.Equal("HIT", (await scene.SendAsync("GET", "/bucket/k")).Headers["x-cache"]);
    }
}
