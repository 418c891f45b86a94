using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>Keys that the remote refuses: it has none of them, and local may (rules T1, W3).</summary>
public sealed class ImpossibleRemoteNamesTests : IAsyncLifetime
{
    private StoreServer _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await StoreServer.StartAsync();
        Assert.Equal(200, (await new SignedHttp(_remote.Endpoint).SendAsync("PUT", "/bucket")).Status);
        _remote.Fail = StoreNaming.Of("minio");
        _proxy = await OverlayHost.StartEmbeddedAsync(
            _remote.Endpoint, ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"), ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin"),
            ("S3_OVERLAY_CACHE_ENABLED", "true"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Theory, Trait("Rule", "W3")]
    [InlineData("x//y")]
    [InlineData("../up")]
    public async Task They_are_absent_until_they_are_written(string key)
    {
        var path = "/bucket/" + key;
        var get = await _proxy.SendAsync("GET", path);
        Assert.Equal((404, "NoSuchKey"), (get.Status, get.Code));
        Assert.Equal(404, (await _proxy.SendAsync("HEAD", path)).Status);
        Assert.Equal(404, (await _proxy.SendAsync("GET", path + "?tagging")).Status);
        Assert.Equal(404, (await _proxy.SendAsync("PUT", path, "mine", ("If-Match", "\"any\""))).Status);
        Assert.Equal(404, (await _proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", path))).Status);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", path, "mine", ("If-None-Match", "*"))).Status);
        Assert.Equal("mine", (await _proxy.SendAsync("GET", path)).Text);
        Assert.Equal(412, (await _proxy.SendAsync("PUT", path, "again", ("If-None-Match", "*"))).Status);
        Assert.Contains($"<Key>{key}</Key>", (await _proxy.SendAsync("GET", "/bucket?list-type=2")).Text);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", path)).Status);
        Assert.Equal(404, (await _proxy.SendAsync("GET", path)).Status);
    }

    [Fact, Trait("Rule", "B1")]
    public async Task A_bucket_that_it_cannot_name_is_not_there()
    {
        Assert.Equal(404, (await _proxy.SendAsync("HEAD", "/My_Bucket")).Status);
        var get = await _proxy.SendAsync("GET", "/My_Bucket/key");
        Assert.Equal((404, "NoSuchBucket"), (get.Status, get.Code));
    }
}
