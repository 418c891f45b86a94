using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Held;

/// <summary>A copy in chunks is looked for while it is being dropped: what was read of it before it was out of the store is not remembered (rule C3).</summary>
public sealed class DroppedWhileFoundTests
{
    [Theory, Trait("Rule", "C3")]
    [InlineData("DELETE", "/c/", true)]
    [InlineData("DELETE", "/c/", false)]
    [InlineData("DELETE", "/r/", true)]
    [InlineData("HEAD", "/c/", true)]
    [InlineData("GET", "list-type", true)]
    public async Task What_is_found_while_it_goes_is_not_found_again(string method, string kind, bool isBefore)
    {
        await using var bench = await StoreBench.StartAsync();
        await using (var filling = bench.Open())
        {
            await filling.BeginFillAsync("key", HeldFilling.Bytes(40), chunkSize: 8);
            await filling.WhenIdleAsync();
        }

        await using var store = bench.Open();
        var (arrived, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        Task Gate(StoreCall call)
        {
            if (call.Method == method && (call.Path + "?" + call.Query).Contains(kind, StringComparison.Ordinal) && arrived.TrySetResult())
            {
                return goOn.Task;
            }

            return Task.CompletedTask;
        }

        if (isBefore)
        {
            bench.Server.Before = Gate;
        }
        else
        {
            bench.Server.After = Gate;
        }

        var dropping = store.DropAsync("bucket", "key", null, default).AsTask();
        await arrived.Task.WaitAsync(Patience.Limit);
        await using (await store.FindAsync("bucket", "key", HeldWish.Info, default))
        {
        }

        goOn.SetResult();
        await dropping;
        await store.WhenIdleAsync();
        Assert.Null(await store.FindAsync("bucket", "key", HeldWish.Info, default));
        Assert.Null(await store.ReadAsync("key"));
    }
}
