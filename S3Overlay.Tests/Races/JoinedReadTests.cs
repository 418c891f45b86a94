using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// A read that needs a fresh response of the remote joins one whose response the remote chose earlier (rules S1, S3, T2).
/// </summary>
public sealed class JoinedReadTests
{
    private static readonly byte[] Old = [.. Enumerable.Repeat((byte)'o', 3000)];
    private static readonly byte[] New = [.. Enumerable.Repeat((byte)'n', 3000)];

    public static TheoryData<string, string, bool> Scenes()
    {
        var scenes = new TheoryData<string, string, bool>();
        foreach (var layer in (string[])["embedded", "store"])
        {
            foreach (var demand in (string[])["always", "no-cache"])
            {
                scenes.Add(layer, demand, true);
                scenes.Add(layer, demand, false);
            }
        }

        return scenes;
    }

    [Theory, Trait("Rule", "S1"), Trait("Rule", "S3")]
    [MemberData(nameof(Scenes))]
    public async Task It_gets_what_the_remote_has_now(string layer, string demand, bool hasCondition)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REVALIDATE", demand == "always" ? "always" : "never"));
        var (hasChosen, goesOn) = Hold(scene);
        var first = scene.Proxy.SendAsync("GET", "/bucket/key");
        await hasChosen.WaitAsync(Patience.Limit);
        var etag = scene.Remote.Put("bucket", "key", New).ETag;
        List<(string, string)> headers = demand == "no-cache" ? [("Cache-Control", "no-cache")] : [];
        if (hasCondition)
        {
            headers.Add(("If-Match", etag));
        }

        var second = scene.Proxy.SendAsync("GET", "/bucket/key", null, [.. headers]);
        await Patience.UntilAsync(() => Waiting(scene) == 2, "The second did not join.");
        goesOn.SetResult();
        var responses = await scene.Clock.RunAsync(Task.WhenAll(first, second));
        Assert.True((responses[0].Status, responses[0].Body.AsSpan().SequenceEqual(Old)) == (200, true),
            "The first is of the version that the remote chose.");
        Assert.True((responses[1].Status, responses[1].Body.AsSpan().SequenceEqual(New)) == (200, true),
            $"{responses[1].Status}: {responses[1].Text[..Math.Min(300, responses[1].Text.Length)]}");

        // No entry of the old version stays.
        await scene.Proxy.WhenIdleAsync();
        Assert.Equal(New, (await scene.SendAsync("GET", "/bucket/key")).Body);
    }

    [Theory, Trait("Rule", "C1"), Trait("Rule", "S1")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task Where_nothing_changed_the_bytes_come_once_all_the_same(string layer)
    {
        const int Readers = 20;
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REVALIDATE", "always"));
        var (hasChosen, goesOn) = Hold(scene);
        var reads = new List<Task<RawResponse>> { scene.Proxy.SendAsync("GET", "/bucket/key") };
        await hasChosen.WaitAsync(Patience.Limit);
        reads.AddRange(Enumerable.Range(1, Readers - 1).Select(_ => scene.Proxy.SendAsync("GET", "/bucket/key")));
        await Patience.UntilAsync(() => Waiting(scene) == Readers, "Not all joined.");
        goesOn.SetResult();
        Assert.All(await scene.Clock.RunAsync(Task.WhenAll(reads)), response => Assert
            .True((response.Status, response.Body.AsSpan().SequenceEqual(Old)) == (200, true)));
        Assert.Single(scene.Remote.Requests, request => request is { Method: "GET", Key: "key" });

        // Readers that joined share the request, except one that arrived just as it was sent.
        Assert.InRange(scene.Remote.Requests.Count(request => request is { Method: "HEAD", Key: "key" }), 1, Readers / 2);
    }

    /// <summary>The first GET gets the old version, once it may: which is chosen before that.</summary>
    private static (Task HasChosen, TaskCompletionSource GoesOn) Hold(LayerScene scene)
    {
        var old = scene.Remote.Put("bucket", "key", Old);
        var (hasChosen, goesOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        scene.Remote.Script = async (request, context) =>
        {
            if (request is not { Method: "GET", Key: "key" } || !hasChosen.TrySetResult())
            {
                return ScriptedOutcome.AsUsual;
            }

            await goesOn.Task.WaitAsync(Patience.Limit);
            context.Response.Headers.ETag = old.ETag;
            context.Response.Headers.LastModified = HttpDates.Header(old.LastModified);
            context.Response.ContentLength = Old.Length;
            await context.Response.Body.WriteAsync(Old);
            return ScriptedOutcome.Answered;
        };
        return (hasChosen.Task, goesOn);
    }

    private static int Waiting(LayerScene scene) => scene.Proxy.Services.Overlay!.Reader.Fills!.Objects
        .WaitingFor(new ObjectName("bucket", "key"));
}
