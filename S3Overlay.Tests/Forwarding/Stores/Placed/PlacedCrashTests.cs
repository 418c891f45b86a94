using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>What a proxy leaves behind that ends in the middle of putting a copy.</summary>
public sealed class PlacedCrashTests
{
    [Fact, Trait("Rule", "E4")]
    public async Task Killed_at_any_call_it_leaves_a_right_copy_or_nothing()
    {
        await using var scene = await PlaceScene.StartAsync();
        OverlayHost? dying = null;
        var runs = await StoreSteps.KillAsync(
            scene.Store,
            async run =>
            {
                scene.Remote.Put("bucket", $"k{run}", "remote"u8.ToArray());
                dying = await scene.AddProxyAsync();
                scene.Store.ForgetCalls();
            },
            async (run, dead) =>
            {
                // One that is cut off asks again and again: what it says then is of no interest.
                await dying!.SendAsync("GET", $"/bucket/k{run}").WaitAsync(dead);
                await Patience.UntilAsync(() => dead.IsCancellationRequested || scene.Calls().Contains("DELETE o"), "no fill");
                await dying.Copies!.WhenIdleAsync().WaitAsync(dead);
            },
            async run =>
            {
                await dying!.DisposeAsync();
                scene.Remote.Put("bucket", $"k{run}", "newer"u8.ToArray());
                Assert.Contains(await scene.ListAsync(), row => row.StartsWith($"k{run} 5 ", StringComparison.Ordinal));
                Assert.Equal("newer", (await scene.SendAsync("GET", $"/bucket/k{run}")).Text);
                scene.Remote.Remove("bucket", $"k{run}");
                Assert.DoesNotContain(await scene.ListAsync(), row => row.StartsWith($"k{run} ", StringComparison.Ordinal));
            });
        await dying!.DisposeAsync();
        Assert.True(runs > 10, $"{runs}");
    }
}
