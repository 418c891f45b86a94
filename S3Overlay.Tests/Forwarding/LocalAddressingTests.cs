using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>The setting decides how buckets are addressed at the local endpoint, for requests of clients and of the overlay.</summary>
public sealed class LocalAddressingTests
{
    [Theory]
    [InlineData("auto", true)]
    [InlineData("path", true)]
    [InlineData("virtual", false)]
    public async Task Buckets_of_local_are_addressed_as_the_setting_says(string style, bool isInPath)
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartOnAsync(
            OverlayHost.ResolvingLocalhost, new Uri($"http://localhost:{store.Endpoint.Port}"), null,
            ("S3_OVERLAY_LOCAL_ADDRESSING_STYLE", style));
        await proxy.SendAsync("PUT", "/bucket");

        Assert.Contains(store.Calls, static call => call.Method == "PUT");
        Assert.Equal(isInPath, store.Calls.Any(call => call.Path == "/bucket"));
        Assert.Equal(isInPath, store.Calls.Any(call => call.Path.StartsWith("/s3overlay-probe-", StringComparison.Ordinal)));
    }
}
