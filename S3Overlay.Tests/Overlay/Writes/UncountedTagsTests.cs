using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>
/// Copies of objects whose number of tags the remote does not report: AWS hides it from callers that may not read tags, and other stores
/// never report it (rule W4).
/// </summary>
[Trait("Rule", "W4")]
public sealed class UncountedTagsTests
{
    private const string Tags = "<Tagging><TagSet><Tag><Key>a b</Key><Value>1 + 2</Value></Tag></TagSet></Tagging>";

    /// <summary>Every kind of local, with and without a cached source.</summary>
    public static TheoryData<string, bool> Cases =>
        new() { { "embedded", false }, { "embedded", true }, { "store", false }, { "store", true } };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task They_are_copied(string layer, bool isCached)
    {
        await using var scene = await StartAsync(layer, isCached, 200, Tags);
        Assert.Equal(200, (await CopyAsync(scene)).Status);
        Assert.Contains("<Tag><Key>a b</Key><Value>1 + 2</Value></Tag>", (await scene.SendAsync("GET", "/bucket/copy?tagging")).Text,
            StringComparison.Ordinal);
        Assert.Equal("bytes", (await scene.SendAsync("GET", "/bucket/copy")).Text);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task They_are_not_requested_if_the_client_gives_others_or_copies_a_part(string layer, bool isCached)
    {
        await using var scene = await StartAsync(layer, isCached, 500, "InternalError");
        Assert.Equal(200, (await CopyAsync(scene, ("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", "c=d"))).Status);
        Assert.Contains("<Tag><Key>c</Key><Value>d</Value></Tag>", (await scene.SendAsync("GET", "/bucket/copy?tagging")).Text,
            StringComparison.Ordinal);
        var upload = (await scene.SendAsync("POST", "/bucket/parts?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        Assert.Equal(
            200, (await scene.SendAsync("PUT", $"/bucket/parts?partNumber=1&uploadId={upload}", null,
            ("x-amz-copy-source", "/bucket/key"))).Status);
        Assert.DoesNotContain(scene.Remote.Requests, static request => request.RawQuery == "tagging");
    }

    [Theory]
    [InlineData("embedded", 403, "AccessDenied")]
    [InlineData("store", 403, "AccessDenied")]
    [InlineData("embedded", 400, "InvalidArgument")]
    [InlineData("embedded", 404, "NoSuchTagSet")]
    [InlineData("embedded", 404, "NotFound")]
    [InlineData("embedded", 404, "NoSuchKey")]
    [InlineData("store", 404, "NoSuchKey")]
    [InlineData("embedded", 405, "MethodNotAllowed")]
    [InlineData("embedded", 501, "NotImplemented")]
    public async Task A_remote_that_does_not_return_them_has_none(string layer, int status, string code)
    {
        foreach (var isCached in (bool[])[false, true])
        {
            await using var scene = await StartAsync(layer, isCached, status, code);
            Assert.Equal(200, (await CopyAsync(scene)).Status);
            Assert.Equal("bytes", (await scene.SendAsync("GET", "/bucket/copy")).Text);
            Assert.DoesNotContain("<Key>", (await scene.SendAsync("GET", "/bucket/copy?tagging")).Text, StringComparison.Ordinal);
        }
    }

    /// <summary>A server that ignores sub-resources responds with the object.</summary>
    [Theory]
    [InlineData("embedded", "bytes")]
    [InlineData("store", "bytes")]
    [InlineData("embedded", Tags)]
    public async Task A_remote_that_responds_with_the_object_has_none(string layer, string bytes)
    {
        foreach (var isCached in (bool[])[false, true])
        {
            await using var scene = await StartAsync(layer, isCached, 200, bytes);
            var etag = scene.Remote.Put("bucket", "key", System.Text.Encoding.ASCII.GetBytes(isCached ? "bytes" : bytes)).ETag;
            var script = scene.Remote.Script!;
            scene.Remote.Script = (request, context) =>
            {
                if (request.RawQuery == "tagging")
                {
                    context.Response.Headers.ETag = etag;
                }

                return script(request, context);
            };
            Assert.Equal(200, (await CopyAsync(scene)).Status);
            Assert.Equal(isCached ? "bytes" : bytes, (await scene.SendAsync("GET", "/bucket/copy")).Text);
            Assert.DoesNotContain("<Key>", (await scene.SendAsync("GET", "/bucket/copy?tagging")).Text, StringComparison.Ordinal);
        }
    }

    /// <summary>It is not read to its end either.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_remote_that_responds_with_a_large_object_has_none(bool tellsLength)
    {
        var bytes = new byte[3 << 20];
        await using var scene = await StartAsync("embedded", false, 200, "");
        var etag = scene.Remote.Put("bucket", "key", bytes).ETag;
        scene.Remote.Script = async (request, context) =>
        {
            if (request.RawQuery != "tagging")
            {
                return ScriptedOutcome.AsUsual;
            }

            context.Response.Headers.ETag = etag;
            context.Response.ContentLength = tellsLength ? bytes.Length : null;
            await context.Response.Body.WriteAsync(bytes);
            return ScriptedOutcome.Answered;
        };
        Assert.Equal(200, (await CopyAsync(scene)).Status);
        Assert.Equal(bytes.Length, (await scene.SendAsync("GET", "/bucket/copy")).Body.Length);
    }

    [Theory]
    [InlineData("embedded", 500, "InternalError")]
    [InlineData("store", 503, "ServiceUnavailable")]
    [InlineData("embedded", 403, "InvalidAccessKeyId")]
    [InlineData("embedded", 200, "<Tagging><TagSet>")]
    [InlineData("embedded", 200, "<Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags>")]
    public async Task Nothing_is_copied_if_they_cannot_be_requested(string layer, int status, string code)
    {
        foreach (var isCached in (bool[])[false, true])
        {
            await using var scene = await StartAsync(layer, isCached, status, code);
            Assert.Equal(503, (await CopyAsync(scene)).Status);
            Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/copy")).Status);
        }
    }

    /// <summary>The remote is down, and does not only fail this request. A fully cached object stays usable without it.</summary>
    [Theory]
    [InlineData("embedded", "bytes", 50)]
    [InlineData("embedded", "", 50)]
    [InlineData("embedded", "bytes", 2)]
    [InlineData("store", "bytes", 50)]
    public async Task A_cached_object_is_copied_while_the_remote_does_not_respond(string layer, string text, int threshold)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_CHUNK_THRESHOLD", $"{threshold}"));
        scene.Remote.Put("bucket", "key", System.Text.Encoding.UTF8.GetBytes(text));
        scene.Remote.Put("bucket", "counted", "bytes"u8.ToArray(), ("x-amz-tagging-count", "1"));
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "mine")).Status);
        foreach (var (key, expected) in ((string, string)[])[("key", text), ("counted", "bytes")])
        {
            Assert.Equal(expected, (await scene.SendAsync("GET", "/bucket/" + key)).Text);
        }

        await scene.Proxy.WhenIdleAsync();
        scene.Remote.Script = static (_, context) =>
        {
            context.Abort();
            return Task.FromResult(ScriptedOutcome.Answered);
        };
        var copied = await CopyAsync(scene);
        Assert.True(copied.Status == 200, copied.Text);
        Assert.Equal(text, (await scene.SendAsync("GET", "/bucket/copy")).Text);
        Assert.DoesNotContain("<Key>", (await scene.SendAsync("GET", "/bucket/copy?tagging")).Text, StringComparison.Ordinal);

        // "counted" is known to have tags, and "absent" has no cached bytes.
        foreach (var source in (string[])["counted", "absent"])
        {
            Assert.Equal(503, (await scene.SendAsync("PUT", "/bucket/other", null, ("x-amz-copy-source", "/bucket/" + source))).Status);
            Assert.Equal(503, (await scene.SendAsync("GET", "/bucket/other")).Status);
        }
    }

    /// <summary>
    /// The absence of tags holds for one version, as tags do: a copy must not combine it with the bytes of another version.
    /// </summary>
    [Theory]
    [InlineData("embedded", "never", 200, "<Tagging><TagSet/></Tagging>")]
    [InlineData("store", "never", 200, "<Tagging><TagSet/></Tagging>")]
    [InlineData("store", "never", 404, "NoSuchTagSet")]
    [InlineData("embedded", "frozen", 200, "<Tagging><TagSet/></Tagging>")]
    [InlineData("embedded", "frozen", 404, "NoSuchTagSet")]
    public async Task That_there_are_none_holds_for_the_copied_version(string layer, string mode, int status, string response)
    {
        await using var scene = await StartAsync(layer, true, status, response, ("S3_OVERLAY_REVALIDATE", mode));
        scene.Remote.Put("bucket", "key", "newer"u8.ToArray());
        var copied = await CopyAsync(scene);
        if (mode == "frozen")
        {
            Assert.Equal((503, "RemoteChanged"), (copied.Status, copied.Code));
            Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/copy")).Status);
            Assert.Equal("bytes", (await scene.SendAsync("GET", "/bucket/key")).Text);
            return;
        }

        Assert.Equal(200, copied.Status);
        Assert.Equal("newer", (await scene.SendAsync("GET", "/bucket/copy")).Text);
    }

    /// <summary>A remote without support for tags has none of any version. Nothing more is requested.</summary>
    [Theory]
    [InlineData(400, "InvalidArgument")]
    [InlineData(403, "AccessDenied")]
    [InlineData(405, "MethodNotAllowed")]
    [InlineData(501, "NotImplemented")]
    [InlineData(200, null)]
    public async Task A_remote_without_tags_is_asked_once(int status, string? response)
    {
        await using var scene = await StartAsync("embedded", true, status, response ?? "");
        if (response is null)
        {
            scene.Remote.Script = null;
        }

        var before = scene.Remote.Requests.Count;
        Assert.Equal(200, (await CopyAsync(scene)).Status);
        Assert.Equal(["GET tagging"], scene.Remote.Requests.Skip(before).Where(static request => request.Key == "key")
            .Select(static request => $"{request.Method} {request.RawQuery}"));
    }

    /// <summary>An object that the remote has lost is copied from the cache, as before.</summary>
    [Theory]
    [InlineData("embedded", "never")]
    [InlineData("embedded", "frozen")]
    [InlineData("store", "never")]
    [InlineData("store", "frozen")]
    public async Task An_object_that_the_remote_has_lost_is_copied_from_the_cache(string layer, string mode)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REVALIDATE", mode));
        scene.Remote.Put("bucket", "other", [1]);
        scene.Remote.Put("bucket", "key", "bytes"u8.ToArray());
        Assert.Equal("bytes", (await scene.SendAsync("GET", "/bucket/key")).Text);
        await scene.Proxy.WhenIdleAsync();
        scene.Remote.Remove("bucket", "key");
        Assert.Equal(200, (await CopyAsync(scene)).Status);
        Assert.Equal("bytes", (await scene.SendAsync("GET", "/bucket/copy")).Text);
        Assert.Equal("HIT", (await scene.SendAsync("GET", "/bucket/key")).Headers["x-cache"]);
    }

    /// <summary>The object has tags that the copy would lack.</summary>
    [Theory]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task Counted_tags_that_are_refused_fail_the_copy(string layer)
    {
        await using var scene = await StartAsync(layer, false, 403, "AccessDenied");
        scene.Remote.Put("bucket", "key", "bytes"u8.ToArray(), ("x-amz-tagging-count", "1"));
        Assert.Equal((403, "AccessDenied"), await CopyAsync(scene) is var response ? (response.Status, response.Code) : default);
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/copy")).Status);
    }

    private static async Task<LayerScene> StartAsync(string layer, bool isCached, int status, string response,
        params (string Name, string Value)[] settings)
    {
        var scene = await LayerScene.StartAsync(layer, settings);
        scene.Remote.Put("bucket", "key", "bytes"u8.ToArray());
        if (isCached)
        {
            Assert.Equal("bytes", (await scene.SendAsync("GET", "/bucket/key")).Text);
            await scene.Proxy.WhenIdleAsync();
        }

        scene.Remote.Script = async (request, context) =>
        {
            if (request.RawQuery != "tagging")
            {
                return ScriptedOutcome.AsUsual;
            }

            await (status == 200 ? context.Response.WriteAsync(response) : ScriptedRemote.RespondErrorAsync(context, status, response));
            return ScriptedOutcome.Answered;
        };
        return scene;
    }

    private static Task<RawResponse> CopyAsync(LayerScene scene, params (string Name, string Value)[] headers) =>
        scene.SendAsync("PUT", "/bucket/copy", null, [("x-amz-copy-source", "/bucket/key"), .. headers]);
}
