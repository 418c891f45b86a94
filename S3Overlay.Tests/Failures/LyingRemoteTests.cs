using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A remote whose 200 or 206 is wrong: error documents, short bodies, other ranges than requested. No client gets bytes other than the
/// object's, or a part that looks whole, and nothing wrong is cached (table F, rule R7).
/// </summary>
[Trait("Rule", "F")]
public sealed class LyingRemoteTests
{
    private static readonly string[] Lies =
    [
        "error document", "error document without a length", "object without a length", "short", "part for the whole", "no range named",
        "another range", "another total", "another length",
        "another version",
    ];

    private const int Size = 100_000;

    private static readonly byte[] Right = [.. Enumerable.Range(0, Size).Select(i => (byte)(i * 7))];

    private int _lies;

    public static TheoryData<string, string, bool> Scenes()
    {
        var scenes = new TheoryData<string, string, bool>();
        foreach (var lie in Lies)
        {
            foreach (var layer in (string[])["embedded", "store"])
            {
                scenes.Add(lie, layer, true);
                scenes.Add(lie, layer, false);
            }
        }

        return scenes;
    }

    public static TheoryData<string, string, string> VersionsAndParts()
    {
        var scenes = new TheoryData<string, string, string>();
        foreach (var lie in Lies)
        {
            foreach (var layer in (string[])["embedded", "store"])
            {
                scenes.Add(lie, layer, "versionId=v");
                if (lie is not ("part for the whole" or "another range"))
                {
                    // Which bytes a part has is for the remote to say.
                    scenes.Add(lie, layer, "partNumber=1");
                }
            }
        }

        return scenes;
    }

    [Theory]
    [MemberData(nameof(Scenes))]
    [QuickRows(8)]
    public async Task No_client_gets_other_bytes_and_nothing_is_cached(string lie, string layer, bool inChunks)
    {
        await using var scene = await StartAsync(lie, layer, ("S3_OVERLAY_CHUNK_THRESHOLD", inChunks ? "65536" : "50MiB"),
            ("S3_OVERLAY_CHUNK_SIZE", "65536"));
        var (remote, proxy) = (scene.Remote, scene.Proxy);
        foreach (var range in (string?[])[null, "bytes=10-20", "bytes=70000-", "bytes=-100", "bytes=65530-65540"])
        {
            // First once, then for every request.
            foreach (var times in (int[])[1, int.MaxValue])
            {
                var key = $"key-{range}-{times}";
                remote.Put("bucket", key, Right);
                Volatile.Write(ref _lies, times);
                var answer = await scene.Clock.RunAsync(GetAsync(proxy, key, range));
                AssertNothingWrong(answer, range);
                Assert.False(times == 1 && answer.Status == 503, $"{range}: a single lie was not asked about again: {answer.Text}");
                Volatile.Write(ref _lies, 0);
                await proxy.WhenIdleAsync();

                // The remote is correct again: nothing of its earlier responses is left.
                foreach (var wanted in (string?[])[range, null, "bytes=0-99", "bytes=99900-", null])
                {
                    var right = await GetAsync(proxy, key, wanted);
                    if (lie == "another total" && right.Status is 200 or 206 && right.Body.Length != Part(wanted).Length)
                    {
                        // A size with a right ETag is believed until the remote itself contradicts it. The response that reveals the error
                        // is cut, and the entry is evicted.
                        AssertNothingWrong(right, wanted);
                        await proxy.WhenIdleAsync();
                        right = await GetAsync(proxy, key, wanted);
                    }

                    Assert.True(right.Status == (wanted is null ? 200 : 206),
                        $"{range}, {times}: {right.Status} {right.Code} for {wanted}");
                    Assert.True(Part(wanted).SequenceEqual(right.Body), $"{range}, {times}: other bytes for {wanted}");
                    await proxy.WhenIdleAsync();
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(VersionsAndParts))]
    [Trait("Rule", "R8")]
    [QuickRows(6)]
    public async Task No_client_gets_other_bytes_of_a_version_or_part(string lie, string layer, string query)
    {
        await using var scene = await StartAsync(lie, layer);
        scene.Remote.Put("bucket", "key", Right);
        foreach (var isCached in (bool[])[false, true])
        {
            // First once, then for every request.
            foreach (var times in (int[])[1, int.MaxValue])
            {
                Volatile.Write(ref _lies, times);
                var answer = await scene.SendAsync("GET", "/bucket/key?" + query);
                AssertNothingWrong(answer, null);
                Volatile.Write(ref _lies, 0);
                var right = await scene.SendAsync("GET", "/bucket/key?" + query);
                Assert.True((right.Status, right.Body.AsSpan().SequenceEqual(Right)) == (200, true),
                    $"{isCached}, {times}: {answer.Status}, then {right.Status} with {right.Body.Length} bytes");
            }

            // Also with an entry of the whole object.
            Assert.Equal(200, (await scene.SendAsync("GET", "/bucket/key")).Status);
            await scene.Proxy.WhenIdleAsync();
        }
    }

    [Theory]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    [Trait("Rule", "L4")]
    public async Task A_page_that_is_an_error_document_is_no_empty_page(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_CACHE_ENABLED", "false"));
        scene.Remote.Put("bucket", "key", Right);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "v")).Status);
        scene.Remote.Script = async (request, context) =>
        {
            if (request is not { Method: "GET", Key: "" })
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 200, "InternalError");
            return ScriptedOutcome.Answered;
        };
        foreach (var target in (string[])["/bucket?list-type=2", "/bucket", "/bucket?versions"])
        {
            var page = await scene.SendAsync("GET", target);
            Assert.True((page.Status, page.Headers.ContainsKey("Retry-After")) == (503, true), $"{target}: {page.Status} {page.Text}");
        }

        // An empty page would let the bucket be deleted.
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/mine")).Status);
        Assert.Equal(503, (await scene.SendAsync("DELETE", "/bucket")).Status);
    }

    private async Task<LayerScene> StartAsync(string lie, string layer, params (string Name, string Value)[] settings)
    {
        var scene = await LayerScene.StartAsync(layer, settings);
        scene.Remote.Script = (request, context) => request is { Method: "GET", Key.Length: > 0 } && Interlocked.Decrement(ref _lies) >= 0
            ? LieAsync(lie, request, context)
            : Task.FromResult(ScriptedOutcome.AsUsual);
        return scene;
    }

    private static Task<RawResponse> GetAsync(OverlayHost proxy, string key, string? range) =>
        proxy.SendAsync("GET", "/bucket/" + Uri.EscapeDataString(key), null, range is null ? [] : [("Range", range)]);

    /// <summary>Right and whole; or an error that clients repeat; or cut, which a client sees by the length that was announced.</summary>
    private static void AssertNothingWrong(RawResponse answer, string? range)
    {
        if (answer.Status is 200 or 206)
        {
            var expected = Part(range);
            var announced = int.Parse(answer.Headers["Content-Length"], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(expected.StartsWith(answer.Body), $"{range}: other bytes");
            Assert.True(answer.Body.Length == expected.Length && announced == expected.Length
                || answer.Body.Length < announced, $"{range}: {answer.Body.Length} bytes look whole");
        }
        else
        {
            Assert.True((answer.Status, answer.Headers.ContainsKey("Retry-After")) is (503, true) or (0, false),
                $"{range}: {answer.Status} {answer.Text}");
        }
    }

    private static ReadOnlySpan<byte> Part(string? range)
    {
        if (range is null)
        {
            return Right;
        }

        var ends = range["bytes=".Length..].Split('-');
        var first = ends[0].Length == 0 ? Size - Number(ends[1]) : Number(ends[0]);
        var last = ends[0].Length == 0 || ends[1].Length == 0 ? Size - 1 : Number(ends[1]);
        return Right.AsSpan(first, last - first + 1);

        static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<ScriptedOutcome> LieAsync(string lie, ScriptedRequest request, HttpContext context)
    {
        var answer = context.Response;
        var asked = request.Headers.GetValueOrDefault("Range");
        var (first, length) = (0, Size);
        if (asked is not null)
        {
            var bytes = S3Overlay.Proxy.Protocol.Objects.RangeHeader.Parse(asked)!.Value.Resolve(Size)!.Value;
            (first, length) = ((int)bytes.First, (int)bytes.Length);
        }

        answer.Headers.ETag = $"\"{Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(Right))}\"";
        answer.Headers.LastModified = "Mon, 06 May 2024 07:08:09 GMT";
        answer.ContentType = "binary/octet-stream";
        switch (lie)
        {
            case "error document" or "error document without a length":
                answer.Headers.Remove("ETag");
                answer.Headers.Remove("Last-Modified");
                answer.ContentType = "application/xml";
                var document = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>Try again.</Message></Error>"u8.ToArray();
                answer.ContentLength = lie == "error document" ? document.Length : null;
                await answer.Body.WriteAsync(document);
                return ScriptedOutcome.Answered;
            case "object without a length":
                await answer.Body.WriteAsync(Right.AsMemory(0, Size / 2));
                return ScriptedOutcome.Answered;
            case "short":
                return new ScriptedOutcome { CutAfter = length / 2 };
            case "part for the whole":
                await PartAsync(0, Math.Min(10, length), 0, Size);
                return ScriptedOutcome.Answered;
            case "no range named":
                answer.StatusCode = 206;
                answer.ContentLength = length;
                await answer.Body.WriteAsync(Right.AsMemory(first, length));
                return ScriptedOutcome.Answered;
            case "another range":
                await PartAsync(first / 2, length / 2, first / 2, Size);
                return ScriptedOutcome.Answered;
            case "another total":
                await PartAsync(first, length, first, Size + 1);
                return ScriptedOutcome.Answered;
            case "another length":
                await PartAsync(first, length / 2, first, Size, length);
                return ScriptedOutcome.Answered;
            default:
                // With If-Match it is another version. Without it, the object of another key cannot be recognized.
                if (!request.Headers.ContainsKey("If-Match"))
                {
                    return ScriptedOutcome.AsUsual;
                }

                answer.Headers.ETag = "\"another\"";
                await PartAsync(first, length, first, Size);
                return ScriptedOutcome.Answered;
        }

        async Task PartAsync(int from, int count, int named, int total, int? namedCount = null)
        {
            answer.StatusCode = 206;
            answer.Headers.ContentRange = $"bytes {named}-{named + (namedCount ?? count) - 1}/{total}";
            answer.ContentLength = count;
            await answer.Body.WriteAsync(Right.AsMemory(from, count));
        }
    }
}
