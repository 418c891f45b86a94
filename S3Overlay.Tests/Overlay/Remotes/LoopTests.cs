using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Remotes;

/// <summary>Remotes that lead back to the proxy.</summary>
[Trait("Rule", "M4")]
public sealed class LoopTests : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _opened = [];

    /// <summary>In a loop of proxies of any size, every request ends with a clear error.</summary>
    [Theory]
    [InlineData(1, false, false)]
    [InlineData(2, false, true)]
    [InlineData(2, true, true)]
    [InlineData(3, true, false)]
    public async Task A_circle_of_remotes_is_an_error_that_says_so(int size, bool isOnStore, bool isCaching)
    {
        var wires = Enumerable.Range(0, size).Select(_ => Opened(new StoreRelay(new Uri("http://127.0.0.1:1")))).ToList();
        OverlayHost proxy = null!;
        for (var i = size - 1; i >= 0; i--)
        {
            var store = isOnStore ? Opened(await StoreServer.StartAsync()) : null;
            proxy = Opened(await OverlayHost.StartAsync(
                store?.Endpoint,
                wires[(i + 1) % size].Endpoint,
                null,
                ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"),
                ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin"),
                ("S3_OVERLAY_CACHE_ENABLED", isCaching ? "true" : "false")));
            wires[i].Store = proxy.Endpoint;
        }

        foreach (var (method, target) in new[] { ("GET", "/bucket/key"), ("GET", "/bucket?list-type=2"), ("HEAD", "/bucket"),
            ("GET", "/bucket/key?tagging") })
        {
            var response = await proxy.SendAsync(method, target);
            Assert.Equal((508, method == "HEAD" ? "" : "LoopDetected"), (response.Status, response.Code));
        }

        Assert.Equal(508, (await proxy.SendAsync("PUT", "/bucket/key", "mine")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/key", "mine")).Status);
        Assert.Equal("mine", (await proxy.SendAsync("GET", "/bucket/key")).Text);
    }

    [Fact]
    public async Task Proxies_one_above_the_other_are_no_circle_and_name_each_other()
    {
        var remote = Opened(await ScriptedRemote.StartAsync());
        remote.Put("bucket", "key", "remote"u8.ToArray());
        var lower = Opened(await OverlayHost.StartEmbeddedAsync(remote.Endpoint));
        var upper = Opened(await OverlayHost.StartEmbeddedAsync(
            lower.Endpoint, ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"), ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin")));

        Assert.Equal("remote", (await upper.SendAsync("GET", "/bucket/key")).Text);
        Assert.Equal("remote", (await lower.SendAsync("GET", "/bucket/key")).Text);
        var passed = remote.Requests.Select(request => request.Headers["x-s3overlay-via"].Split(", ")).ToList();
        Assert.Equal([2, 1], passed.Select(names => names.Length));
        Assert.Equal(passed[1], passed[0][1..]);
    }

    [Fact]
    public async Task A_request_that_came_through_more_proxies_than_make_sense_is_refused()
    {
        var proxy = Opened(await OverlayHost.StartEmbeddedAsync(null));

        var via = string.Join(", ", Enumerable.Range(0, 40).Select(_ => Guid.NewGuid().ToString("n")));
        Assert.Equal((508, "LoopDetected"), await StatusAsync(via));
        Assert.Equal((404, "NoSuchBucket"), await StatusAsync(via[..200]));

        async Task<(int, string)> StatusAsync(string through)
        {
            var response = await proxy.SendAsync("GET", "/bucket/key", null, ("x-s3overlay-via", through));
            return (response.Status, response.Code);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var each in Enumerable.Reverse(_opened))
        {
            await each.DisposeAsync();
        }
    }

    private T Opened<T>(T part)
        where T : IAsyncDisposable
    {
        _opened.Add(part);
        return part;
    }
}
