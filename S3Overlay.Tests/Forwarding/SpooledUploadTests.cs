using System.Diagnostics;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>Uploads whose length nobody said wait for their end in the spool, which has its bounds.</summary>
[Trait("Rule", "F")]
public sealed class SpooledUploadTests
{
    private static readonly (string Name, string Value) Chunked = ("Transfer-Encoding", "chunked");

    [Fact]
    public async Task One_that_can_never_have_room_is_too_large()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await StartAsync(store);
        var refused = await proxy.Http.SendAsync("PUT", "/bucket/key", Body(2 << 20), Chunked);
        Assert.Equal((400, "EntityTooLarge"), (refused.Status, refused.Code));
        Assert.Contains("S3_OVERLAY_SPOOL_MAX_BYTES", refused.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await proxy.Http.SendAsync("PUT", "/bucket/key", Body(1 << 20), Chunked)).Status);
        Assert.Equal(1 << 20, (await proxy.SendAsync("GET", "/bucket/key")).Text.Length);
    }

    [Fact]
    public async Task All_together_keep_no_more_than_may_be_kept()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await StartAsync(store);
        var slow = await SlowUpload.BeginAsync(proxy, "/bucket/slow", Body(1_000_000), Chunked);
        var other = Body(700_000);
        var waited = Stopwatch.StartNew();
        RawAnswer answer;
        while ((answer = await proxy.Http.SendAsync("PUT", "/bucket/other", other, Chunked)).Status == 200 && waited.Elapsed < Patience.Limit)
        {
            // What the slow one has sent so far is not there yet; or it was itself the one for whom there was no room.
            if (slow.Answer.IsCompleted)
            {
                slow.Dispose();
                slow = await SlowUpload.BeginAsync(proxy, "/bucket/slow", Body(1_000_000), Chunked);
                await Task.Delay(50);
            }
        }

        using var one = slow;
        Assert.Equal((503, "ServiceUnavailable"), (answer.Status, answer.Code));
        Assert.Equal("1", answer.Headers["Retry-After"]);

        // Nor does anything outlive a crash.
        Assert.Empty(Directory.EnumerateFiles(proxy.Folder["spool"]));
        Assert.Equal(200, (await slow.FinishAsync()).Status);
        Assert.Equal(1_000_000, (await proxy.SendAsync("GET", "/bucket/slow")).Text.Length);
        Assert.Equal(200, (await proxy.Http.SendAsync("PUT", "/bucket/other", other, Chunked)).Status);
    }

    private static byte[] Body(int size) => Encoding.ASCII.GetBytes($"{size:x}\r\n{new string('x', size)}\r\n0\r\n\r\n");

    private static async Task<OverlayHost> StartAsync(StoreServer store)
    {
        var proxy = await OverlayHost.StartAsync(store.Endpoint, null, null, ("S3_OVERLAY_SPOOL_MAX_BYTES", "1MiB"));
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        return proxy;
    }
}
