using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>An overloaded remote gets fewer requests at once, and in the end serves everything (table F).</summary>
public sealed class ThrottlingRemoteTests
{
    private const int Bearable = 6;
    private const int Readers = 48;

    [Theory, Trait("Rule", "F")]
    [InlineData("embedded", 503)]
    [InlineData("embedded", 429)]
    [InlineData("store", 503)]
    [InlineData("store", 429)]
    public async Task Fewer_requests_run_at_once_until_all_succeed(string layer, int status)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_CACHE_ENABLED", "false"));
        var (remote, proxy, clock) = (scene.Remote, scene.Proxy, scene.Clock);
        for (var i = 0; i < Readers; i++)
        {
            remote.Put("bucket", $"key{i}", "bytes"u8.ToArray());
        }

        // All requests of the first round arrive before any gets a response.
        var (inside, refused) = (0, 0);
        var all = new TaskCompletionSource();
        remote.Script = async (request, context) =>
        {
            var now = Interlocked.Increment(ref inside);
            if (now == Readers)
            {
                all.TrySetResult();
            }

            await all.Task.WaitAsync(Patience.Limit);

            // Before the response, because its receiver may send the next request at once.
            Interlocked.Decrement(ref inside);
            if (now <= Bearable)
            {
                return ScriptedOutcome.AsUsual;
            }

            Interlocked.Increment(ref refused);
            await ScriptedRemote.RespondErrorAsync(context, status, "SlowDown");
            return ScriptedOutcome.Answered;
        };

        var reads = Enumerable.Range(0, Readers).Select(i => proxy.SendAsync("GET", $"/bucket/key{i}")).ToList();
        var responses = await clock.RunAsync(Task.WhenAll(reads));
        Assert.All(responses, response => Assert.Equal((200, "bytes"), (response.Status, response.Text)));
        Assert.InRange(refused, Readers - Bearable, Readers * 3);
    }
}
