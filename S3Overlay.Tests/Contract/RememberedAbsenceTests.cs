using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>A remembered 404 of the remote never hides a change made here, nor a key that a page showed (rule S2).</summary>
[Trait("Rule", "S2")]
public sealed class RememberedAbsenceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Listings_writes_deletes_and_evictions_invalidate_it(bool isOverStore)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "other", "other"u8.ToArray());
        await using var store = isOverStore ? await StoreServer.StartAsync() : null;
        await using var proxy = await OverlayHost.StartAsync(
            store?.Endpoint, remote.Endpoint, null,
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_NEGATIVE_TTL", "1h"), ("S3_OVERLAY_DELETES", "local"));

        await AssertRememberedAsync("listed");
        Assert.Contains("<Key>listed</Key>", (await proxy.SendAsync("GET", "/bucket?list-type=2")).Text, StringComparison.Ordinal);
        Assert.Equal("remote", (await proxy.SendAsync("GET", "/bucket/listed")).Text);

        await AssertRememberedAsync("written");
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/written", "here")).Status);
        Assert.Equal("here", (await proxy.SendAsync("GET", "/bucket/written")).Text);
        Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bucket/written")).Status);
        Assert.Equal("remote", (await proxy.SendAsync("GET", "/bucket/written")).Text);

        await AssertRememberedAsync("dropped");
        Assert.Equal(200, (await proxy.SendAsync("POST", "/-/v1/drop?bucket=bucket")).Status);
        Assert.Equal("remote", (await proxy.SendAsync("GET", "/bucket/dropped")).Text);

        async Task AssertRememberedAsync(string key)
        {
            Assert.Equal(404, (await proxy.SendAsync("GET", $"/bucket/{key}")).Status);
            remote.Put("bucket", key, "remote"u8.ToArray());
            Assert.Equal(404, (await proxy.SendAsync("GET", $"/bucket/{key}")).Status);
        }
    }
}
