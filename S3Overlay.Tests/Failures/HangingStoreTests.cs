using System.Net.Sockets;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A store that gives no answer, and a client who leaves: what was asked of the store for him ends with him, not with the store's time.
/// </summary>
[Trait("Rule", "F"), Trait("Rule", "C2")]
public sealed class HangingStoreTests
{
    [Theory]
    [InlineData(false, "GET", "/bucket/key")]
    [InlineData(false, "GET", "/bucket?list-type=2")]
    [InlineData(false, "HEAD", "/bucket/key")]
    [InlineData(true, "GET", "/bucket/key")]
    [InlineData(true, "GET", "/bucket?list-type=2")]
    [InlineData(true, "HEAD", "/bucket/key")]
    public async Task Nothing_is_asked_of_it_any_more_for_a_client_that_has_gone(bool hasRemote, string method, string target)
    {
        await using var scene = await StoreScene.StartAsync(hasRemote);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/key", "mine")).Status);
        Assert.Equal(200, (await scene.SendAsync("GET", "/bucket/key")).Status);
        var (isAsked, asked, ended) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0, 0);
        scene.Store.Take = async context =>
        {
            Interlocked.Increment(ref asked);
            isAsked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Increment(ref ended);
        };
        using var client = new TcpClient();
        client.LingerState = new LingerOption(true, 0);
        await client.ConnectAsync(scene.Proxy.Endpoint.Host, scene.Proxy.Endpoint.Port);
        await client.GetStream().WriteAsync(scene.Proxy.Http.Signed(method, target));
        await isAsked.Task.WaitAsync(Patience.Limit);
        client.Close();

        // The clock stands still: no limit of the proxy's own ends it.
        await Patience.UntilAsync(() => Volatile.Read(ref ended) == Volatile.Read(ref asked), "The store is asked still.");
        scene.Store.Take = null;
        Assert.Equal("mine", (await scene.SendAsync("GET", "/bucket/key")).Text);
    }
}
