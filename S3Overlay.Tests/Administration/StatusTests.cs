using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>What <c>GET status</c> says of the layers, which it does not wait for.</summary>
public sealed class StatusTests
{
    [Fact]
    public async Task A_store_that_hangs_does_not_hold_it_up()
    {
        await using var scene = await StoreScene.StartAsync();
        var asked = 0;
        scene.Store.Take = async context =>
        {
            Interlocked.Increment(ref asked);
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        };

        // The clock does not move, so no timeout of the proxy ends the call.
        var first = await scene.Proxy.SendAsync("GET", "/-/v1/status").WaitAsync(Patience.Limit);

        Assert.Equal((200, JsonValueKind.Null), (first.Status, ChangesOf(first).ValueKind));
        await Patience.UntilAsync(() => Volatile.Read(ref asked) > 0, "The store is not asked.");
        scene.Store.Take = null;
    }

    [Fact]
    public async Task Changes_are_counted_in_the_background_and_seldom_over_a_store()
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("photos", "there", new byte[1]);
        await scene.SendAsync("PUT", "/photos/here", "mine");
        await scene.SendAsync("DELETE", "/photos/there");
        var counted = await Patience.UntilAsync(
            () => scene.Proxy.SendAsync("GET", "/-/v1/status"), static status => ChangesOf(status).ValueKind == JsonValueKind.Object,
            static status => status.Text);
        Assert.Equal((1, 1), CountsOf(counted));
        await scene.SendAsync("PUT", "/photos/more", "mine");

        scene.Clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal((1, 1), CountsOf(await scene.Proxy.SendAsync("GET", "/-/v1/status")));
        scene.Clock.Advance(TimeSpan.FromMinutes(1));

        await Patience.UntilAsync(
            () => scene.Proxy.SendAsync("GET", "/-/v1/status"), static status => CountsOf(status) == (2, 1), static status => status.Text);
    }

    private static JsonElement ChangesOf(RawResponse status) => JsonDocument.Parse(status.Text).RootElement.GetProperty("changes");

    private static (int Written, int Deleted) CountsOf(RawResponse status) =>
        (ChangesOf(status).GetProperty("written").GetInt32(), ChangesOf(status).GetProperty("deleted").GetInt32());
}
