using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A store that cannot be reached, stops responding, or breaks off: clients get a 503 that asks for a retry, and nothing hangs (table F).
/// </summary>
public sealed class BrokenStoreTests
{
    public static TheoryData<WireFault, bool> Faults => new()
    {
        { WireFault.Refused, true }, { WireFault.Refused, false },
        { WireFault.Hanging, true }, { WireFault.Hanging, false },
        { WireFault.Cut, true }, { WireFault.Cut, false },
    };

    [Theory, Trait("Rule", "F")]
    [MemberData(nameof(Faults))]
    public async Task A_store_that_does_not_respond_is_a_503_that_clients_repeat(WireFault fault, bool hasRemote)
    {
        await using var scene = await StoreScene.StartAsync(hasRemote);
        await StoreRequests.PrepareAsync(scene);
        scene.Wire.Break(fault);
        foreach (var name in Sweep.Of([.. StoreRequests.Names], 8))
        {
            if (NeedsNoStore(name, hasRemote))
            {
                continue;
            }

            var response = await StoreRequests.SendAsync(scene, name);
            if (name == "delete many" && hasRemote && response.Status == 200)
            {
                // It reports each key separately.
                Assert.Equal("ServiceUnavailable", response.Code);
                Assert.DoesNotContain("<Deleted>", response.Text);
                continue;
            }

            if (response.Status == 200 && name is "copy" or "complete")
            {
                // The proxy had to keep its client waiting: then the error comes as a document.
                Assert.Equal("ServiceUnavailable", response.Code);
                continue;
            }

            Assert.True(response.Status == 503, $"{name}: {response.Status} {response.Text}");
            Assert.True(response.Headers.ContainsKey("Retry-After"), name);
            Assert.True(response.Body.Length == 0 || response.Code == "ServiceUnavailable", $"{name}: {response.Text}");
        }

        scene.Wire.Mend();
        scene.Wire.CloseConnections();
        var back = await scene.Proxy.SendAsync("GET", "/bucket/written");
        Assert.Equal((200, 300_000), (back.Status, back.Body.Length));
        Assert.Equal(200, (await scene.Proxy.SendAsync("PUT", "/bucket/put", "again")).Status);
        Assert.Equal("again", (await scene.Proxy.SendAsync("GET", "/bucket/put")).Text);
    }

    [Theory, Trait("Rule", "F")]
    [InlineData(WireFault.Hanging, true)]
    [InlineData(WireFault.Hanging, false)]
    [InlineData(WireFault.Cut, true)]
    [InlineData(WireFault.Cut, false)]
    public async Task An_object_that_breaks_off_never_looks_whole(WireFault fault, bool hasRemote)
    {
        await using var scene = await StoreScene.StartAsync(hasRemote);
        await StoreRequests.PrepareAsync(scene);
        foreach (var bytes in Sweep.Of<long>([1, 100, 5_000, 50_000, 250_000], 3))
        {
            foreach (var name in (string[])["get", "range", "list", "tags", "head", "copy", "put", "delete"])
            {
                scene.Wire.Break(fault, bytes);
                var response = await StoreRequests.SendAsync(scene, name);
                scene.Wire.Mend();
                scene.Wire.CloseConnections();
                if (response.Status is 200 or 206 && name is "get" or "range")
                {
                    var length = int.Parse(response.Headers["Content-Length"], System.Globalization.CultureInfo.InvariantCulture);
                    Assert.True(response.Body.Length < length || length < bytes, $"{name} after {bytes}");
                }
                else
                {
                    Assert.True(response.Status is 200 or 204 or 503, $"{name} after {bytes}: {response.Status} {response.Text}");
                }
            }

            Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/written", new string('x', 300_000))).Status);
        }
    }

    [Fact, Trait("Rule", "F")]
    public async Task Connections_that_the_store_closed_while_they_were_idle_are_not_noticed()
    {
        await using var scene = await StoreScene.StartAsync();
        await StoreRequests.PrepareAsync(scene);
        foreach (var name in (string[])["get", "put", "put large", "list", "delete", "head"])
        {
            scene.Wire.CloseConnections();
            await Patience.UntilAsync(() => scene.Wire.Open == 0, "Connections stay open.");
            var response = await StoreRequests.SendAsync(scene, name);
            Assert.True(response.Status is 200 or 204 or 404, $"{name}: {response.Status} {response.Text}");
        }
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_client_that_leaves_a_hanging_store_leaves_no_connection_behind()
    {
        await using var scene = await StoreScene.StartAsync();
        await StoreRequests.PrepareAsync(scene);
        scene.Wire.CloseConnections();
        await Patience.UntilAsync(() => scene.Wire.Open == 0, "Connections stay open.");
        scene.Wire.Break(WireFault.Hanging);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Store.After = _ =>
        {
            asked.TrySetResult();
            return Task.CompletedTask;
        };
        using (var client = new System.Net.Sockets.TcpClient())
        {
            await client.ConnectAsync(scene.Proxy.Endpoint.Host, scene.Proxy.Endpoint.Port);
            await client.GetStream().WriteAsync(scene.Proxy.Http.Signed("GET", "/bucket/written"));
            await asked.Task.WaitAsync(Patience.Limit);
            Assert.True(scene.Wire.Open > 0);
        }

        // The clock does not move, so no timeout of the proxy ends the request.
        await Patience.UntilAsync(() => scene.Wire.Open == 0, "A connection to the store stays open.");
    }

    /// <summary>Whether the proxy responds without the store: it knows that an overlaid bucket exists.</summary>
    private static bool NeedsNoStore(string name, bool hasRemote) => hasRemote && name is "delete bucket";
}
