using System.Collections.Concurrent;

using S3Overlay.Tests.Overlay.Changes;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>A revert against readers, writers and fills of its key (rule P3).</summary>
[Trait("Rule", "P3")]
public sealed class RevertRaceTests
{
    public static TheoryData<string> Layers => LayerScene.All;

    /// <summary>Between any two calls of the store, and while each of them runs.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_sees_what_was_written_or_the_remotes_object_and_never_a_404(bool isAfter)
    {
        await using var scene = await LayerScene.StartAsync("store");
        await HideAndWriteAsync(scene);
        var (seen, isReading) = (new ConcurrentQueue<string>(), 0);
        Func<StoreCall, Task> look = async _ =>
        {
            if (Interlocked.Exchange(ref isReading, 1) == 0)
            {
                var read = await scene.Proxy.SendAsync("GET", "/bucket/k");
                seen.Enqueue(read.Status == 200 ? read.Text : $"{read.Status}");
                var listed = await scene.Proxy.SendAsync("GET", "/bucket?list-type=2");
                seen.Enqueue(listed.Text.Contains("<Key>k</Key>", StringComparison.Ordinal) ? read.Text : "not listed");
                Volatile.Write(ref isReading, 0);
            }
        };
        (scene.Store!.Before, scene.Store.After) = (isAfter ? null : look, isAfter ? look : null);
        Assert.Equal("reverted=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=k"));
        (scene.Store.Before, scene.Store.After) = (null, null);
        Assert.All(seen, static text => Assert.Contains(text, (string[])["mine", "remote"]));
        Assert.Contains("mine", seen);
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/k")).Text);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task Readers_during_a_revert_never_see_a_404(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        for (var run = 0; run < 30; run++)
        {
            await HideAndWriteAsync(scene);
            using var over = new CancellationTokenSource();
            var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                var seen = new HashSet<string>();
                do
                {
                    var read = await scene.Proxy.SendAsync("GET", "/bucket/k");
                    seen.Add(read.Status == 200 ? read.Text : $"{read.Status}");
                }
                while (!over.IsCancellationRequested);
                return seen;
            })).ToList();
            Assert.Equal("reverted=1", ChangeLines.Counts(await scene.Proxy.SendAsync("POST", "/-/v1/revert?bucket=bucket&key=k")));
            await over.CancelAsync();
            foreach (var seen in await Task.WhenAll(readers))
            {
                Assert.All(seen, static text => Assert.Contains(text, (string[])["mine", "remote"]));
            }
        }
    }

    /// <summary>A client writes the key between any two calls of a revert that has found it.</summary>
    [Fact]
    public async Task A_write_during_a_revert_survives()
    {
        await using var scene = await LayerScene.StartAsync("store");
        for (var step = 0; ; step++)
        {
            await HideAndWriteAsync(scene);
            scene.Clock.Advance(TimeSpan.FromSeconds(5));
            var (calls, hasWritten) = (0, false);
            scene.Store!.Before = async call =>
            {
                if ((calls > 0 || call.Path == "/bucket/k") && Interlocked.Increment(ref calls) == step + 1)
                {
                    hasWritten = true;
                    Assert.Equal(200, (await scene.Proxy.SendAsync("PUT", "/bucket/k", "theirs")).Status);
                }
            };
            var done = await ChangeLines.RevertAsync(scene, "bucket=bucket&prefix=k");
            scene.Store.Before = null;
            if (!hasWritten)
            {
                Assert.True(step > 3, $"{step} calls");
                Assert.Equal("reverted=1", done);
                return;
            }

            Assert.Equal("theirs", (await scene.SendAsync("GET", "/bucket/k")).Text);
        }
    }

    /// <summary>The same at a store without conditional deletes: the write waits.</summary>
    [Fact]
    public async Task A_write_during_a_revert_survives_at_a_store_without_conditional_deletes()
    {
        await using var scene = await LayerScene.StartAsync("store", WithoutConditions);
        for (var step = 0; ; step++)
        {
            await HideAndWriteAsync(scene);
            scene.Clock.Advance(TimeSpan.FromSeconds(5));
            var (calls, write) = (0, (Task<RawResponse>?)null);
            scene.Store!.Before = async call =>
            {
                if ((calls > 0 || call.Path == "/bucket/k") && call.Method != "PUT" && Interlocked.Increment(ref calls) == step + 1)
                {
                    write = scene.Proxy.SendAsync("PUT", "/bucket/k", "theirs");
                    await Task.WhenAny(write, Task.Delay(200));
                }
            };
            var done = await ChangeLines.RevertAsync(scene, "bucket=bucket&prefix=k");
            scene.Store.Before = null;
            if (write is null)
            {
                Assert.True(step > 3, $"{step} calls");
                Assert.Equal("reverted=1", done);
                return;
            }

            Assert.Equal(200, (await write).Status);
            Assert.Equal("theirs", (await scene.SendAsync("GET", "/bucket/k")).Text);
        }
    }

    /// <summary>The store has the whole object, and has not stored it yet.</summary>
    [Fact]
    public async Task Without_conditional_deletes_a_revert_waits_for_a_write()
    {
        await using var scene = await LayerScene.StartAsync("store", WithoutConditions);
        await HideAndWriteAsync(scene);
        var (begun, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        scene.Store!.Before = async call =>
        {
            if (call is { Method: "PUT", Path: "/bucket/k" })
            {
                begun.TrySetResult();
                await go.Task;
            }
        };
        var write = scene.Proxy.SendAsync("PUT", "/bucket/k", "theirs");
        await begun.Task;

        // The clock does not move: the write must not time out.
        var revert = scene.Proxy.SendAsync("POST", "/-/v1/revert?bucket=bucket&key=k");
        await Task.WhenAny(revert, Task.Delay(300));
        Assert.False(revert.IsCompleted);
        Assert.Equal("mine", (await scene.Proxy.SendAsync("GET", "/bucket/k")).Text);
        go.SetResult();
        Assert.Equal(200, (await write).Status);
        Assert.Equal("changed=1", ChangeLines.Counts(await revert));
        Assert.Equal("theirs", (await scene.SendAsync("GET", "/bucket/k")).Text);
        Assert.Equal("reverted=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=k"));
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/k")).Text);
    }

    /// <summary>With other proxies at such a store, what they write could be lost.</summary>
    [Fact]
    public async Task Without_conditional_deletes_several_proxies_revert_no_written_key()
    {
        await using var scene = await LayerScene.StartAsync("store", WithoutConditions, ("S3_OVERLAY_PROXIES", "2"));
        await HideAndWriteAsync(scene);
        scene.Clock.Advance(TimeSpan.FromMinutes(2));
        var refused = await scene.SendAsync("POST", "/-/v1/revert?bucket=bucket&key=k");
        Assert.Contains("S3_OVERLAY_PROXIES", refused.Text, StringComparison.Ordinal);
        Assert.Equal("mine", (await scene.SendAsync("GET", "/bucket/k")).Text);
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/k");
        scene.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("reverted=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=k"));
    }

    [Fact]
    public async Task A_write_and_a_revert_at_once_leave_the_write()
    {
        await using var scene = await LayerScene.StartAsync("embedded");
        for (var run = 0; run < 60; run++)
        {
            await HideAndWriteAsync(scene);
            var revert = Task.Run(() => scene.Proxy.SendAsync("POST", "/-/v1/revert?bucket=bucket&prefix=k"));
            var write = Task.Run(() => scene.Proxy.SendAsync("PUT", "/bucket/k", $"theirs {run}"));
            Assert.Equal(200, (await write).Status);
            var done = ChangeLines.Counts(await revert);

            // What the revert listed may have been the new object, if that was there before.
            var seen = (await scene.SendAsync("GET", "/bucket/k")).Text;
            Assert.True(seen == $"theirs {run}" || (seen == "remote" && done == "reverted=1"), $"{seen}, {done}");
        }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_fill_from_before_the_write_leaves_no_entry(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Remote.Put("bucket", "k", new byte[200_000]);
        scene.Remote.Script = (request, _) => Task.FromResult(request.Key == "k" && request.Method == "GET"
            ? new ScriptedOutcome { GateAfter = (100_000, gate) } : ScriptedOutcome.AsUsual);
        var slow = scene.Proxy.SendAsync("GET", "/bucket/k");
        await scene.Remote.UntilAsync(() => scene.Remote.BodyBytesSent("bucket", "k") >= 100_000, "The fill does not begin.");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
        scene.Remote.Script = null;
        scene.Remote.Put("bucket", "k", "new"u8.ToArray());
        Assert.Equal("reverted=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=k"));
        gate.SetResult();
        await slow;
        await scene.Proxy.WhenIdleAsync();
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("new", (await scene.SendAsync("GET", "/bucket/k")).Text);
            await scene.Proxy.WhenIdleAsync();
        }
    }

    private static void WithoutConditions(StoreServer store) => store.Alter = static request => request.Headers.Remove("If-Match");

    /// <summary>A key with a tombstone and an object: both hide the remote's object.</summary>
    private static async Task HideAndWriteAsync(LayerScene scene)
    {
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/k");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
    }
}
