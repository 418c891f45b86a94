using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>
/// Parts of the remote's objects, with and without an entry of the whole, and with changed or deleted versions at the remote (rules R8, T1,
/// S1).
/// </summary>
public sealed class PartTests
{
    private const int PartSize = 1000;

    public static TheoryData<string, string, bool> Changes()
    {
        var scenes = new TheoryData<string, string, bool>();
        foreach (var layer in (string[])["embedded", "store"])
        {
            foreach (var mode in (string[])["never", "1h", "frozen"])
            {
                scenes.Add(layer, mode, true);
                scenes.Add(layer, mode, false);
            }
        }

        return scenes;
    }

    [Theory, Trait("Rule", "S1"), Trait("Rule", "T1")]
    [MemberData(nameof(Changes))]
    public async Task A_part_of_a_cached_version_that_the_remote_replaced_is_of_the_new_one(string layer, string mode, bool isReplaced)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REVALIDATE", mode));
        var (before, after) = (Bytes(1), Bytes(2));
        Put(scene, before);
        Assert.Equal(200, (await scene.SendAsync("GET", "/bucket/key")).Status);
        await scene.Proxy.WhenIdleAsync();
        var part = await scene.SendAsync("GET", "/bucket/key?partNumber=3");
        Assert.True((part.Status, part.Body.AsSpan().SequenceEqual(before.AsSpan(2 * PartSize))) == (206, true), part.Text);
        Assert.Equal("bytes 2000-2499/2500", part.Headers["Content-Range"]);
        if (isReplaced)
        {
            Put(scene, after);
        }
        else
        {
            scene.Remote.Remove("bucket", "key");
        }

        foreach (var method in (string[])["HEAD", "GET"])
        {
            part = await scene.SendAsync(method, "/bucket/key?partNumber=3");
            var whole = await scene.SendAsync("GET", "/bucket/key");
            if (mode == "frozen")
            {
                Assert.Equal((503, method == "HEAD" ? "" : "RemoteChanged"), (part.Status, part.Code));
                Assert.True((whole.Status, whole.Headers["x-cache"], whole.Body.AsSpan().SequenceEqual(before)) == (200, "HIT", true));
            }
            else
            {
                Assert.Equal(isReplaced ? 206 : 404, part.Status);
                Assert.True(!isReplaced || method == "HEAD" || part.Body.AsSpan().SequenceEqual(after.AsSpan(2 * PartSize)), "other bytes");
                Assert.True(isReplaced ? whole.Status == 200 && whole.Body.AsSpan().SequenceEqual(after)
                    : whole.Status == 404, $"{whole.Status}");
            }
        }
    }

    [Theory, Trait("Rule", "T1")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task A_missing_part_is_the_remotes_own_error_and_no_reason_to_evict_the_entry(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        Put(scene, Bytes(1));
        foreach (var isCached in (bool[])[false, true])
        {
            var beyond = await scene.SendAsync("GET", "/bucket/key?partNumber=4");
            Assert.Equal((416, "InvalidPartNumber", false), (beyond.Status, beyond.Code, beyond.Headers.ContainsKey("Content-Range")));
            var head = await scene.SendAsync("HEAD", "/bucket/key?partNumber=4");
            Assert.Equal((416, false), (head.Status, head.Headers.ContainsKey("Content-Range")));
            Assert.Equal(isCached ? "HIT" : "MISS", (await scene.SendAsync("GET", "/bucket/key")).Headers["x-cache"]);
            await scene.Proxy.WhenIdleAsync();
        }
    }

    [Theory, Trait("Rule", "R8")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task The_whole_is_never_sent_for_a_part_if_the_remote_ignores_parts(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        var bytes = Bytes(1);
        scene.Remote.Put("bucket", "whole", bytes);
        scene.Remote.Put(
            "bucket", "multipart", new ScriptedObject(bytes, "\"0123456789abcdef0123456789abcdef-3\"", DateTimeOffset.UtcNow, []));
        foreach (var target in (string[])["whole?partNumber=2", "multipart?partNumber=1", "multipart?partNumber=3"])
        {
            var refused = await scene.SendAsync("GET", "/bucket/" + target);
            Assert.Equal((501, "NotImplemented"), (refused.Status, refused.Code));
            Assert.Equal(501, (await scene.SendAsync("HEAD", "/bucket/" + target)).Status);
        }

        // What was put as a whole is its own first part.
        var first = await scene.SendAsync("GET", "/bucket/whole?partNumber=1");
        Assert.True((first.Status, first.Body.AsSpan().SequenceEqual(bytes)) == (200, true));
    }

    /// <summary>As Scality responds: 200 with the part's length and the number of parts, but without the position.</summary>
    [Theory, Trait("Rule", "R8"), Trait("Rule", "T1")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task A_part_that_the_remote_sends_with_200_is_sent_on_as_it_is(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        var bytes = Bytes(1);
        Put(scene, bytes, sendsPartsAsWholes: true);
        foreach (var isCached in (bool[])[false, true])
        {
            foreach (var number in (int[])[1, 2, 3])
            {
                var expected = bytes.AsMemory((number - 1) * PartSize, Math.Min(PartSize, bytes.Length - ((number - 1) * PartSize)));
                foreach (var method in (string[])["HEAD", "GET"])
                {
                    var part = await scene.SendAsync(method, $"/bucket/key?partNumber={number}");
                    Assert.Equal((200, $"{expected.Length}", "3", false), (part.Status, part.Headers["Content-Length"],
                        part.Headers["x-amz-mp-parts-count"], part.Headers.ContainsKey("Content-Range")));
                    Assert.True(method == "HEAD" ? part.Body.Length == 0 : part.Body.AsSpan().SequenceEqual(expected.Span), "other bytes");
                }
            }

            Assert.Equal(416, (await scene.SendAsync("GET", "/bucket/key?partNumber=4")).Status);
            var whole = await scene.SendAsync("GET", "/bucket/key");
            Assert.True((whole.Headers["x-cache"], whole.Body.AsSpan().SequenceEqual(bytes)) == (isCached ? "HIT" : "MISS", true));
            await scene.Proxy.WhenIdleAsync();
        }
    }

    [Theory, Trait("Rule", "R7")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task A_part_without_its_position_is_not_continued_with_other_bytes(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        Put(scene, Bytes(1), sendsPartsAsWholes: true);
        scene.Remote.Script = (request, _) =>
            Task.FromResult(request.Key == "key" ? new ScriptedOutcome { CutAfter = 300 } : ScriptedOutcome.AsUsual);
        var part = await scene.SendAsync("GET", "/bucket/key?partNumber=2");
        Assert.True(Bytes(1).AsSpan(PartSize, 300).StartsWith(part.Status == 200 ? part.Body : []), "other bytes");
        Assert.DoesNotContain(scene.Remote.Requests, request => request.Key == "key" && request.Headers.ContainsKey("Range"));
    }

    [Theory, Trait("Rule", "R4")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task A_HEAD_of_a_part_moves_no_body(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        Put(scene, Bytes(1));
        var head = await scene.SendAsync("HEAD", "/bucket/key?partNumber=2");
        Assert.Equal((206, "1000", "bytes 1000-1999/2500"), (head.Status, head.Headers["Content-Length"], head.Headers["Content-Range"]));
        Assert.Equal(["HEAD"], scene.Remote.Requests.Where(request => request.Key == "key").Select(request => request.Method));

        // If the remote does not report the position, the request is a GET.
        scene.Remote.Script = (request, context) =>
        {
            if (request is { Method: "HEAD", Key: "key" })
            {
                context.Response.StatusCode = 206;
                context.Response.ContentLength = PartSize;
                return Task.FromResult(ScriptedOutcome.Answered);
            }

            return Task.FromResult(ScriptedOutcome.AsUsual);
        };
        head = await scene.SendAsync("HEAD", "/bucket/key?partNumber=2");
        Assert.Equal((206, "1000", "bytes 1000-1999/2500"), (head.Status, head.Headers["Content-Length"], head.Headers["Content-Range"]));
    }

    [Theory, Trait("Rule", "R8")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task A_part_of_a_named_version_does_not_come_from_the_cached_one(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        Put(scene, Bytes(1));
        await scene.SendAsync("GET", "/bucket/key");
        await scene.Proxy.WhenIdleAsync();
        Put(scene, Bytes(2));
        var part = await scene.SendAsync("GET", "/bucket/key?versionId=v&partNumber=1");
        Assert.True((part.Status, part.Body.AsSpan().SequenceEqual(Bytes(2).AsSpan(0, PartSize))) == (206, true), part.Text);
        Assert.Equal("HIT", (await scene.SendAsync("GET", "/bucket/key")).Headers["x-cache"]);
    }

    /// <summary>As MinIO responds: 206, without a range, because a range cannot be empty.</summary>
    [Theory, Trait("Rule", "R8"), Trait("Rule", "T1")]
    [InlineData("embedded", 206, "true")]
    [InlineData("store", 206, "true")]
    [InlineData("embedded", 206, "false")]
    [InlineData("embedded", 200, "true")]
    [InlineData("embedded", 206, "true", "S3_OVERLAY_CHUNK_THRESHOLD", "64KiB")]
    public async Task The_first_part_of_an_empty_object_is_empty(string layer, int status, string isCaching, params string[] setting)
    {
        await using var scene = await LayerScene.StartAsync(layer,
            [("S3_OVERLAY_CACHE_ENABLED", isCaching), .. setting is [var name, var value] ? ((string, string)[])[(name, value)] : []]);
        scene.Remote.Put("bucket", "key", [], ("x-amz-meta-m", "1"));
        scene.Remote.Script = (request, context) =>
        {
            context.Response.StatusCode = request.RawQuery.Contains("partNumber=", StringComparison.Ordinal) ? status : 200;
            return Task.FromResult(ScriptedOutcome.AsUsual);
        };
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/written", "")).Status);
        var written = await scene.SendAsync("GET", "/bucket/written?partNumber=1");
        foreach (var isCached in (bool[])[false, true])
        {
            foreach (var method in (string[])["GET", "HEAD"])
            {
                var part = await scene.SendAsync(method, "/bucket/key?partNumber=1");
                Assert.Equal((written.Status, "0", "1", false),
                    (part.Status, part.Headers["Content-Length"], part.Headers["x-amz-meta-m"], part.Headers.ContainsKey("Content-Range")));
                Assert.Equal(("", "\"d41d8cd98f00b204e9800998ecf8427e\""), (part.Text, part.Headers["ETag"]));
            }

            var whole = await scene.SendAsync("GET", "/bucket/key");
            Assert.Equal((200, isCaching == "false" ? "BYPASS" : isCached ? "HIT" : "MISS"), (whole.Status, whole.Headers["x-cache"]));
            await scene.Proxy.WhenIdleAsync();
        }
    }

    /// <summary>An empty later part does not reveal the size of the object.</summary>
    [Fact, Trait("Rule", "R7")]
    public async Task An_empty_response_is_not_taken_for_a_later_part()
    {
        await using var scene = await LayerScene.StartAsync("embedded");
        scene.Remote.Put("bucket", "key", []);
        scene.Remote.Script = (_, context) =>
        {
            context.Response.StatusCode = 206;
            context.Response.ContentLength = 0;
            return Task.FromResult(ScriptedOutcome.Answered);
        };
        Assert.Equal(503, (await scene.SendAsync("GET", "/bucket/key?partNumber=2")).Status);
    }

    private static void Put(LayerScene scene, byte[] bytes, bool sendsPartsAsWholes = false) =>
        scene.Remote.Put("bucket", "key", new ScriptedObject(bytes, $"\"{bytes[0]:x32}-3\"", DateTimeOffset.UtcNow,
            []) { PartSize = PartSize, SendsPartsAsWholes = sendsPartsAsWholes });

    private static byte[] Bytes(byte seed) => [.. Enumerable.Range(0, 2500).Select(i => (byte)(seed + i))];
}
