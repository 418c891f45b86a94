using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A remote that says 200 or 206 and does not mean it: error documents, short bodies, other ranges than were asked for. Whatever of it comes through, no client gets other bytes than the
/// object's or a whole-looking part of them, and none of it is held (table F, rule R7).
/// </summary>
[Trait("Rule", "F")]
public sealed class LyingRemoteTests
{
    private const int Size = 100_000;

    private static readonly byte[] Right = [.. Enumerable.Range(0, Size).Select(i => (byte)(i * 7))];

    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private int _lies;

    public static TheoryData<string, bool> Scenes()
    {
        var scenes = new TheoryData<string, bool>();
        foreach (var lie in (string[])[
            "error document", "error document without a length", "object without a length", "short", "part for the whole", "no range named", "another range", "another total", "another length",
            "another version"])
        {
            scenes.Add(lie, true);
            scenes.Add(lie, false);
        }

        return scenes;
    }

    [Theory]
    [MemberData(nameof(Scenes))]
    public async Task No_client_gets_other_bytes_and_nothing_of_it_is_held(string lie, bool inChunks)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(
            null,
            remote.Endpoint,
            _clock,
            ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_CHUNK_THRESHOLD", inChunks ? "65536" : "50MiB"),
            ("S3_OVERLAY_CHUNK_SIZE", "65536"),
            ("S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT", "2m"),
            ("S3_OVERLAY_REMOTE_STALL_TIMEOUT", "2m"),
            ("S3_OVERLAY_REMOTE_BUDGET", "10m"));
        remote.Script = (request, context) => request is { Method: "GET", Key.Length: > 0 } && Interlocked.Decrement(ref _lies) >= 0
            ? LieAsync(lie, request, context)
            : Task.FromResult(ScriptedOutcome.AsUsual);
        foreach (var range in (string?[])[null, "bytes=10-20", "bytes=70000-", "bytes=-100", "bytes=65530-65540"])
        {
            // Once, then for as long as anybody asks.
            foreach (var times in (int[])[1, int.MaxValue])
            {
                var key = $"key-{range}-{times}";
                remote.Put("bucket", key, Right);
                Volatile.Write(ref _lies, times);
                var answer = await _clock.RunAsync(GetAsync(proxy, key, range));
                AssertNothingWrong(answer, range);
                Assert.False(times == 1 && answer.Status == 503, $"{range}: a single lie was not asked about again: {answer.Text}");
                Volatile.Write(ref _lies, 0);
                await proxy.WhenIdleAsync();

                // The remote has come to its senses: nothing of what it said before is left.
                foreach (var wanted in (string?[])[range, null, "bytes=0-99", "bytes=99900-", null])
                {
                    var right = await GetAsync(proxy, key, wanted);
                    if (lie == "another total" && right.Status is 200 or 206 && right.Body.Length != Part(wanted).Length)
                    {
                        // A size beside a right ETag is believed until the remote itself contradicts it: the answer that finds out is cut, and what was held goes.
                        AssertNothingWrong(right, wanted);
                        await proxy.WhenIdleAsync();
                        right = await GetAsync(proxy, key, wanted);
                    }

                    Assert.True(right.Status == (wanted is null ? 200 : 206), $"{range}, {times}: {right.Status} {right.Code} for {wanted}");
                    Assert.True(Part(wanted).SequenceEqual(right.Body), $"{range}, {times}: other bytes for {wanted}");
                    await proxy.WhenIdleAsync();
                }
            }
        }
    }

    [Fact]
    [Trait("Rule", "L4")]
    public async Task A_page_that_is_an_error_document_is_no_empty_page()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(null, remote.Endpoint, _clock);
        remote.Put("bucket", "key", Right);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/mine", "v")).Status);
        remote.Script = async (request, context) =>
        {
            if (request is not { Method: "GET", Key: "" })
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.AnswerErrorAsync(context, 200, "InternalError");
            return ScriptedOutcome.Answered;
        };
        foreach (var target in (string[])["/bucket?list-type=2", "/bucket", "/bucket?versions"])
        {
            var page = await _clock.RunAsync(proxy.SendAsync("GET", target));
            Assert.True((page.Status, page.Headers.ContainsKey("Retry-After")) == (503, true), $"{target}: {page.Status} {page.Text}");
        }

        // An empty page would let the bucket be deleted.
        Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bucket/mine")).Status);
        Assert.Equal(503, (await _clock.RunAsync(proxy.SendAsync("DELETE", "/bucket"))).Status);
    }

    private static Task<RawAnswer> GetAsync(OverlayHost proxy, string key, string? range) =>
        proxy.SendAsync("GET", "/bucket/" + Uri.EscapeDataString(key), null, range is null ? [] : [("Range", range)]);

    /// <summary>Right and whole; or an error that clients repeat; or cut, which a client sees by the length that was announced.</summary>
    private static void AssertNothingWrong(RawAnswer answer, string? range)
    {
        if (answer.Status is 200 or 206)
        {
            var expected = Part(range);
            var announced = int.Parse(answer.Headers["Content-Length"], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(expected.StartsWith(answer.Body), $"{range}: other bytes");
            Assert.True(answer.Body.Length == expected.Length && announced == expected.Length || answer.Body.Length < announced, $"{range}: {answer.Body.Length} bytes look whole");
        }
        else
        {
            Assert.True((answer.Status, answer.Headers.ContainsKey("Retry-After")) is (503, true) or (0, false), $"{range}: {answer.Status} {answer.Text}");
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
                // Not what If-Match asked for, where it did; the object of another key otherwise is beyond telling.
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
