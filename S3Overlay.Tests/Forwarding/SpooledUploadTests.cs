using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>Uploads of unknown length (files in forms) wait in the spool until their end. The spool is bounded.</summary>
[Trait("Rule", "F")]
public sealed class SpooledUploadTests
{
    [Fact]
    public async Task One_that_can_never_have_room_is_too_large()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await StartAsync(store);
        var refused = await PostAsync(proxy, "key", File(2 << 20));
        Assert.Equal((400, "EntityTooLarge"), (refused.Status, refused.Code));
        Assert.Contains("S3_OVERLAY_SPOOL_MAX_BYTES", refused.Text, StringComparison.Ordinal);
        Assert.Equal(204, (await PostAsync(proxy, "key", File(1 << 20))).Status);
        Assert.Equal(1 << 20, (await proxy.SendAsync("GET", "/bucket/key")).Text.Length);
    }

    [Fact]
    public async Task All_together_keep_no_more_than_may_be_kept()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await StartAsync(store);
        var other = File(700_000);
        await Patience.UntilAsync(async () => await RefusesOtherAsync(proxy, other), "An upload without room never was the second one.");
        Assert.Equal(1_000_000, (await proxy.SendAsync("GET", "/bucket/slow")).Text.Length);

        // Its room is released a moment after its response.
        await Patience.UntilAsync(async () => (await PostAsync(proxy, "other", other)).Status == 204,
            "The room of an upload that has ended is not free again.");
    }

    /// <summary>
    /// Sends an upload while a slow one waits half-way, and checks the refusal. False if their bytes arrived in another order, so that the
    /// second found room, or the slow one did not.
    /// </summary>
    private static async Task<bool> RefusesOtherAsync(OverlayHost proxy, byte[] other)
    {
        using var slow = await SlowUpload.BeginFormAsync(proxy, "/bucket", Form("slow", File(1_000_000)));
        var response = await PostAsync(proxy, "other", other);
        if (response.Status == 204)
        {
            return false;
        }

        Assert.Equal((503, "ServiceUnavailable"), (response.Status, response.Code));
        Assert.Equal("1", response.Headers["Retry-After"]);

        // Nor does anything outlive a crash.
        Assert.Empty(Directory.EnumerateFiles(proxy.Folder["spool"]));
        var finished = await slow.FinishAsync();
        Assert.True(finished.Status is 204 or 503, finished.Text);
        return finished.Status == 204;
    }

    private static byte[] File(int size) => Encoding.ASCII.GetBytes(new string('x', size));

    private static byte[] Form(string key, byte[] file) => new UploadForm { File = file }.With("key", key).ToBytes();

    private static Task<RawResponse> PostAsync(OverlayHost proxy, string key, byte[] file) =>
        proxy.Http.SendAsync("POST", "/bucket", Form(key, file), UploadForm.ContentType);

    private static async Task<OverlayHost> StartAsync(StoreServer store)
    {
        var proxy = await OverlayHost.StartAsync(store.Endpoint, null, null, ("S3_OVERLAY_SPOOL_MAX_BYTES", "1MiB"));
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        return proxy;
    }
}
