using System.Globalization;
using System.Security.Cryptography;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A remote whose HEADs contradict its GETs, or say too little, as gateways do that compress bodies or send them chunked. No response,
/// entry or copy-up gets wrong bytes, or none, because of that (table F, rules R7, W4, W5).
/// </summary>
[Trait("Rule", "F")]
public sealed class LyingHeadTests
{
    private const string Tags = "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>";

    private static readonly byte[] Right = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7))];
    private static readonly string ETag = $"\"{Convert.ToHexStringLower(MD5.HashData(Right))}\"";

    public static TheoryData<string, string, bool> Scenes()
    {
        var scenes = new TheoryData<string, string, bool>();
        foreach (var lie in (string[])["no length", "empty", "shorter", "longer", "another version", "no version"])
        {
            foreach (var layer in (string[])["embedded", "store"])
            {
                scenes.Add(lie, layer, true);
                scenes.Add(lie, layer, false);
            }
        }

        return scenes;
    }

    [Theory]
    [MemberData(nameof(Scenes))]
    public async Task No_other_bytes_are_read_or_copied_for_it(string lie, string layer, bool isCaching)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_CACHE_ENABLED", isCaching ? "true" : "false"));
        foreach (var key in (string[])["read", "part", "copied", "version", "tagged", "asked"])
        {
            scene.Remote.Put("bucket", key, Right);
        }

        scene.Remote.Script = (request, context) =>
        {
            if (request is not { Method: "HEAD", Key.Length: > 0 })
            {
                return Task.FromResult(ScriptedOutcome.AsUsual);
            }

            var headers = context.Response.Headers;
            headers.ETag = lie switch { "another version" => "\"another\"", "no version" => default, _ => (string?)ETag };
            headers.LastModified = "Mon, 06 May 2024 07:08:09 GMT";
            headers.ContentLength = lie switch { "no length" => null, "empty" => 0, "shorter" => Right.Length / 2,
                "longer" => Right.Length * 2, _ => Right.Length };
            return Task.FromResult(ScriptedOutcome.Answered);
        };

        // What the HEAD left out is found out; what it said wrong need not be, but is never believed of bytes.
        var mayFail = lie != "no length";
        AssertRight(await scene.SendAsync("GET", "/bucket/read", null, ("If-None-Match", "\"x\"")), Right, mayFail);
        var part = await scene.SendAsync("GET", "/bucket/part", null, ("Range", "bytes=10-20"), ("If-Range", ETag));
        if (lie != "empty" || part.Status != 416)
        {
            // Only the HEAD says that the empty object has no such part, and no bytes depend on it.
            AssertRight(part, part.Status == 200 ? Right : Right[10..21], mayFail);
        }

        foreach (var (source, target) in ((string, string)[])[("copied", "copy"), ("version?versionId=v", "copied-version")])
        {
            var copy = await scene.SendAsync("PUT", "/bucket/" + target, null, ("x-amz-copy-source", "/bucket/" + source));
            var isMade = (copy.Status, copy.Code) == (200, "");
            Assert.True(isMade || mayFail, $"{source}: {copy.Status} {copy.Text}");
            var made = await scene.SendAsync("GET", "/bucket/" + target);
            Assert.True(isMade ? made.Status == 200 && made.Body.AsSpan().SequenceEqual(Right)
                : made.Status == 404, $"{source}: {copy.Status}, then {made.Status}, {made.Body.Length} bytes");
        }

        var tagged = await scene.SendAsync("PUT", "/bucket/tagged?tagging", Tags);
        Assert.True(tagged.Status == 200 || mayFail, tagged.Text);
        AssertRight(await scene.SendAsync("GET", "/bucket/tagged"), Right, mayFail: false);
        var head = await scene.SendAsync("HEAD", "/bucket/asked");
        Assert.True(mayFail || (head.Status, head.Headers["Content-Length"], head.Headers["ETag"]) == (
            200, Right.Length.ToString(CultureInfo.InvariantCulture), ETag));
    }

    [Theory]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task An_object_that_is_empty_is_so_though_no_HEAD_says_its_length(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "empty", []);
        scene.Remote.Script = (request, context) =>
        {
            context.Response.Headers.ETag = "\"d41d8cd98f00b204e9800998ecf8427e\"";
            return Task.FromResult(request is { Method: "HEAD", Key.Length: > 0 } ? ScriptedOutcome.Answered : ScriptedOutcome.AsUsual);
        };
        Assert.Equal((200, "0"), Of(await scene.SendAsync("HEAD", "/bucket/empty")));
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/empty"))).Status);
        Assert.Equal((200, "0"), Of(await scene.SendAsync("GET", "/bucket/copy")));
        Assert.Equal((200, "0"), Of(await scene.SendAsync("GET", "/bucket/empty", null, ("If-None-Match", "\"x\""))));
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/empty?tagging", Tags)).Status);
        Assert.Equal((200, "0"), Of(await scene.SendAsync("GET", "/bucket/empty")));

        static (int, string) Of(RawResponse response) => (response.Status, response.Headers.GetValueOrDefault("Content-Length", ""));
    }

    [Theory]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task A_remote_that_never_reports_a_length_cannot_be_read_or_copied_from(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "key", Right);
        scene.Remote.Script = async (request, context) =>
        {
            if (request.Key.Length == 0)
            {
                return ScriptedOutcome.AsUsual;
            }

            context.Response.Headers.ETag = ETag;
            if (request.Method == "GET")
            {
                await context.Response.Body.WriteAsync(Right);
            }

            return ScriptedOutcome.Answered;
        };
        foreach (var (method, target, body, header) in ((string, string, string?, (string, string))[])
            [("HEAD", "key", null, ("a", "b")), ("GET", "key", null, ("If-None-Match", "\"x\"")),
                ("PUT", "copy", null, ("x-amz-copy-source", "/bucket/key")), ("PUT", "key?tagging", Tags, ("a", "b"))])
        {
            var response = await scene.SendAsync(method, "/bucket/" + target, body, header);
            Assert.True((response.Status, response.Headers.ContainsKey("Retry-After")) == (503, true)
                || response.Code == "ServiceUnavailable", $"{method} {target}: {response.Status} {response.Text}");
        }

        scene.Remote.Script = null;
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/copy")).Status);
    }

    private static void AssertRight(RawResponse response, byte[] expected, bool mayFail) => Assert.True(
        response.Status is 200 or 206 ? response.Body.AsSpan().SequenceEqual(expected) : mayFail && response.Status == 503
            && response.Headers.ContainsKey("Retry-After"),
        $"{response.Status} {response.Code}, {response.Body.Length} bytes");
}
