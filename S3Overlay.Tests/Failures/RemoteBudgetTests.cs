using System.Security.Cryptography;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// However many remote requests a response needs, and at whichever of them the remote hangs, the client gets a response within one budget
/// (table F).
/// </summary>
[Trait("Rule", "F")]
public sealed class RemoteBudgetTests
{
    /// <summary>How long the remote takes for a response.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(35);

    /// <summary>What is left of the budget then.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(11);

    /// <summary>The pause between two attempts. Too short to use up the budget.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The limit of all pauses after the budget.</summary>
    private static readonly TimeSpan Pauses = TimeSpan.FromSeconds(3);

    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    public static TheoryData<string, string, bool> Scenes()
    {
        var scenes = new TheoryData<string, string, bool>();
        foreach (var layer in (string[])["embedded", "store"])
        {
            foreach (var stage in (string[])["the GET after a HEAD", "the GET after an answer that is none", "the bucket after a HEAD",
                "the bucket before a write", "the byte after a HEAD without a length", "the tags' document",
                "the bytes of a copy after its HEAD", "the second page of a listing", "the question about the bucket behind a 404",
                "the key after its bucket", "the tags of a copy"])
            {
                scenes.Add(layer, stage, true);
                scenes.Add(layer, stage, false);
            }
        }

        return scenes;
    }

    [Theory]
    [MemberData(nameof(Scenes))]
    public async Task The_client_gets_a_response_within_one_budget(string layer, string stage, bool isCaching)
    {
        await using var scene = await LayerScene.StartAsync(
            layer,
            ("S3_OVERLAY_CACHE_ENABLED", isCaching ? "true" : "false"),
            ("S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT", "42s"),
            ("S3_OVERLAY_REMOTE_BUDGET", "45s"));
        var clock = scene.Clock;
        scene.Remote.Put("bucket", "key", Bytes);
        Assert.Equal(200, (await scene.SendAsync("GET", "/bucket?list-type=2")).Status);
        var asked = 0;
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Remote.Script = async (request, context) =>
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                second.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            }

            var answered = stage == "the tags' document" ? Task.CompletedTask : Task.Delay(Slow, clock, context.RequestAborted);
            first.SetResult();
            await answered;
            context.Response.Headers.ETag = $"\"{Convert.ToHexStringLower(MD5.HashData(Bytes))}\"";
            switch (stage)
            {
                case "the tags of a copy":
                    context.Response.Headers["x-amz-tagging-count"] = "1";
                    return ScriptedOutcome.AsUsual;
                case "the second page of a listing":
                    context.Response.Headers.Remove("ETag");
                    await context.Response.Body.WriteAsync(
                        """
                        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name>
                        <IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken></ListBucketResult>
                        """u8.ToArray());
                    break;
                case "the question about the bucket behind a 404":
                    await ScriptedRemote.RespondErrorAsync(context, 404, "NoSuchKey");
                    break;
                case "the key after its bucket":
                    context.Response.Headers.Remove("ETag");
                    break;
                case "the GET after a HEAD" or "the bytes of a copy after its HEAD":
                    return ScriptedOutcome.AsUsual;
                case "the bucket after a HEAD" or "the bucket before a write":
                    context.Response.StatusCode = 404;
                    break;
                case "the GET after an answer that is none":
                    await context.Response.Body.WriteAsync(Bytes);
                    break;
                case "the tags' document":
                    await context.Response.Body.WriteAsync("<Tagging>"u8.ToArray());
                    await context.Response.Body.FlushAsync();
                    second.TrySetResult();
                    await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
                    break;
            }

            return ScriptedOutcome.Answered;
        };
        var reading = stage switch
        {
            "the GET after a HEAD" => scene.Proxy.SendAsync("GET", "/bucket/key", null, ("If-None-Match", "\"x\"")),
            "the GET after an answer that is none" => scene.Proxy.SendAsync("GET", "/bucket/key"),
            "the tags' document" => scene.Proxy.SendAsync("GET", "/bucket/key?tagging"),
            "the bytes of a copy after its HEAD" or "the tags of a copy" =>
                scene.Proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/key")),
            "the second page of a listing" => scene.Proxy.SendAsync("GET", "/bucket?list-type=2"),
            "the question about the bucket behind a 404" => scene.Proxy.SendAsync("GET", "/other/key"),
            "the key after its bucket" => scene.Proxy.SendAsync("PUT", "/other/key", "mine", ("If-None-Match", "*")),
            "the bucket before a write" => scene.Proxy.SendAsync("PUT", "/bucket/key", "mine", ("If-None-Match", "*")),
            _ => scene.Proxy.SendAsync("HEAD", "/bucket/key"),
        };
        await first.Task.WaitAsync(Patience.Limit);
        clock.Advance(Slow);
        Assert.Same(second.Task, await clock.RunAsync(Task.WhenAny(second.Task, reading), Pause));

        // No more time passes than the budget allows, except for pauses: a local store call that was running while the clock moved is
        // retried after one. A longer wait would never end, and repeated pauses would be a second budget.
        clock.Advance(Rest);
        var passed = clock.GetUtcNow();
        var answer = await clock.RunAsync(reading, Pause);
        Assert.InRange(clock.GetUtcNow() - passed, TimeSpan.Zero, Pauses);
        if (answer.Status == 200)
        {
            // Slow operations have begun their response by then.
            Assert.Contains("copy", stage, StringComparison.Ordinal);
            Assert.Contains("<Code>ServiceUnavailable</Code>", answer.Text, StringComparison.Ordinal);
        }
        else if (stage == "the question about the bucket behind a 404")
        {
            Assert.Equal((404, "NoSuchKey"), (answer.Status, answer.Code));
        }
        else
        {
            Assert.Equal((503, true), (answer.Status, answer.Headers.ContainsKey("Retry-After")));
        }

        scene.Remote.Script = null;
    }
}
