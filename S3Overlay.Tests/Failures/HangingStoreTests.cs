using System.Net.Sockets;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A store that does not respond, and a client that disconnects: the calls made for that client end with it, not with the store's timeout.
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
    public async Task No_request_is_sent_for_a_client_that_disconnected(bool hasRemote, string method, string target)
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

        // The clock does not move, so no timeout of the proxy ends the call.
        await Patience.UntilAsync(() => Volatile.Read(ref ended) == Volatile.Read(ref asked), "The store is asked still.");
        scene.Store.Take = null;
        Assert.Equal("mine", (await scene.SendAsync("GET", "/bucket/key")).Text);
    }
}
