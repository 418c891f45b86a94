using S3Overlay.Proxy.Forwarding.Stores.Placed;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>Writes of a key whose copy is being dropped from under it, at a store that does not answer the drop (rule E4).</summary>
[Trait("Rule", "E4")]
public sealed class HangingDropTests
{
    [Fact, Trait("Rule", "W2")]
    public async Task A_write_does_not_wait_for_long_for_a_drop_that_looks_at_the_copy()
    {
        await using var scene = await StoreScene.StartAsync();
        await using var proxy = await StartAsync(scene);
        var asked = Hang(scene, "HEAD", new TaskCompletionSource().Task);
        var dropping = proxy.Copies!.DropAsync("bucket", "key", null, default).AsTask();
        await asked.WaitAsync(Patience.Limit);
        var writing = await WriteAsync(proxy);
        scene.Clock.Advance(PlacedCopies.LongestWait);
        Assert.Equal(200, (await writing.WaitAsync(Patience.Limit)).Status);
        await Assert.ThrowsAsync<IOException>(() => dropping.WaitAsync(Patience.Limit));
        scene.Store.Before = null;
        Assert.Equal("local", (await scene.SendAsync(proxy, "GET", "/bucket/key")).Headers["x-s3overlay-layer"]);
    }

    /// <summary>
    /// A delete on its way to the store may be done at any time, and cannot tell the copy from a write of its bytes: the write comes after
    /// it.
    /// </summary>
    [Fact]
    public async Task A_write_of_the_copy_s_bytes_waits_for_a_drop_that_deletes_it()
    {
        await using var scene = await StoreScene.StartAsync();
        await using var proxy = await StartAsync(scene);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = Hang(scene, "DELETE", goOn.Task);
        var dropping = proxy.Copies!.DropAsync("bucket", "key", null, default).AsTask();
        await asked.WaitAsync(Patience.Limit);
        var writing = await WriteAsync(proxy);
        scene.Clock.Advance(PlacedCopies.LongestWait);
        goOn.SetResult();
        await dropping.WaitAsync(Patience.Limit);
        Assert.Equal(200, (await writing.WaitAsync(Patience.Limit)).Status);
        var read = await scene.SendAsync(proxy, "GET", "/bucket/key");
        Assert.Equal(("remote", "local"), (read.Text, read.Headers["x-s3overlay-layer"]));
    }

    /// <summary>A proxy that has a copy of a key under it.</summary>
    private static async Task<OverlayHost> StartAsync(StoreScene scene)
    {
        scene.Remote.Put("bucket", "key", "remote"u8.ToArray());
        var proxy = await scene.AddProxyAsync(("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CACHE_PLACE", "bucket"));
        Assert.Equal(200, (await scene.SendAsync(proxy, "PUT", "/bucket/mine", "mine")).Status);
        Assert.Equal("remote", (await scene.SendAsync(proxy, "GET", "/bucket/key")).Text);
        await proxy.WhenIdleAsync();
        Assert.Equal(200, (await scene.AskStoreAsync("HEAD", "/bucket/key")).Status);
        return proxy;
    }

    /// <summary>Lets the store have calls about the key, and not answer them for now. Ends with the first.</summary>
    private static Task Hang(StoreScene scene, string method, Task until)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Store.Before = call =>
        {
            if (call.Method != method || call.Path != "/bucket/key")
            {
                return Task.CompletedTask;
            }

            asked.TrySetResult();
            return until;
        };
        return asked.Task;
    }

    /// <summary>Begins to write the very bytes of the copy, and waits until that waits.</summary>
    private static async Task<Task<RawAnswer>> WriteAsync(OverlayHost proxy)
    {
        var writing = proxy.SendAsync("PUT", "/bucket/key", "remote");
        await Patience.UntilAsync(() => ((PlacedCopies)proxy.Services.Local.Placed!).Waiting > 0, "The write does not wait.");
        return writing;
    }
}
