using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Crash;

/// <summary>
/// A proxy that dies between any two calls of a store that keeps versions. A delete writes a tombstone, a delete marker, and the tombstone
/// again with the marker's id (rule V4).
/// </summary>
public sealed class VersionedStoreCrashTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private VersionedStore _store = null!;
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;
    private string _marker = "";
    private bool _isAcknowledged;

    public async Task InitializeAsync()
    {
        _store = await VersionedStore.StartAsync();
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("bucket", "warm", "remote"u8.ToArray());
        _proxy = await StartAsync();
        Assert.Equal(200, (await SendAsync(_proxy, "PUT", "/bucket/warm")).Status);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact, Trait("Rule", "V4")]
    public Task Delete_of_the_remotes() => KillAsync(
        _ => Task.CompletedTask,
        (proxy, path) => proxy.SendAsync("DELETE", path),
        async path =>
        {
            Assert.Contains(await SeenAsync(path), _isAcknowledged ? [null] : new[] { null, "remote" });

            // The client repeats it and undoes it as usual: the dead proxy left nothing that prevents that.
            var again = await SendAsync(_proxy, "DELETE", path);
            Assert.Equal(204, again.Status);
            Assert.Null(await SeenAsync(path));
            foreach (var marker in _store.VersionsOf("bucket", path["/bucket/".Length..]).Select(static version => version.Id).ToList())
            {
                Assert.Equal(204, (await SendAsync(_proxy, "DELETE", $"{path}?versionId={marker}")).Status);
            }

            Assert.Equal("remote", await SeenAsync(path));
        });

    [Fact, Trait("Rule", "V4")]
    public Task Delete_of_what_was_written() => KillAsync(
        async path => Assert.Equal(200, (await SendAsync(_proxy, "PUT", path, "mine")).Status),
        (proxy, path) => proxy.SendAsync("DELETE", path),
        async path => Assert.Contains(await SeenAsync(path), _isAcknowledged ? [null] : new[] { null, "mine" }));

    [Fact, Trait("Rule", "V4")]
    public Task Undoing_a_delete() => KillAsync(
        async path => _marker = (await SendAsync(_proxy, "DELETE", path)).Headers["x-amz-version-id"],
        (proxy, path) => proxy.SendAsync("DELETE", $"{path}?versionId={_marker}"),
        async path =>
        {
            Assert.Contains(await SeenAsync(path), _isAcknowledged ? ["remote"] : new[] { null, "remote" });
            var again = await SendAsync(_proxy, "DELETE", $"{path}?versionId={_marker}");
            Assert.True(again.Status == 204 || (again.Status == 403 && await SeenAsync(path) == "remote"), again.Text);
            Assert.Equal("remote", await SeenAsync(path));
        });

    [Fact, Trait("Rule", "V4")]
    public Task Undoing_the_second_of_two_deletes() => KillAsync(
        async path =>
        {
            await SendAsync(_proxy, "DELETE", path);
            _marker = (await SendAsync(_proxy, "DELETE", path)).Headers["x-amz-version-id"];
        },
        (proxy, path) => proxy.SendAsync("DELETE", $"{path}?versionId={_marker}"),
        async path =>
        {
            Assert.Null(await SeenAsync(path));
            await SendAsync(_proxy, "DELETE", $"{path}?versionId={_marker}");
            Assert.Null(await SeenAsync(path));
            var first = Assert.Single(_store.VersionsOf("bucket", path["/bucket/".Length..])).Id;
            Assert.Equal(204, (await SendAsync(_proxy, "DELETE", $"{path}?versionId={first}")).Status);
            Assert.Equal("remote", await SeenAsync(path));
        });

    private Task<OverlayHost> StartAsync() => OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint, _clock, RemoteLimits.Far);

    private Task<RawResponse> SendAsync(OverlayHost proxy, string method, string path, string? body = null) =>
        _clock.RunAsync(proxy.SendAsync(method, path, body));

    private async Task<string?> SeenAsync(string path)
    {
        var response = await SendAsync(_proxy, "GET", path);
        Assert.True(response.Status is 200 or 404, response.Text);
        return response.Status == 404 ? null : response.Text;
    }

    /// <summary>Runs an action in its own proxy, which dies one call later each time.</summary>
    private async Task KillAsync(Func<string, Task> prepare, Func<OverlayHost, string, Task<RawResponse>> first, Func<string, Task> check)
    {
        OverlayHost dying = null!;
        var runs = await StoreSteps.KillAsync(
            _store,
            async run =>
            {
                _remote.Put("bucket", $"key{run}", "remote"u8.ToArray());
                await prepare($"/bucket/key{run}");
                dying = await StartAsync();
                _isAcknowledged = false;
            },
            async (run, dead) =>
            {
                try
                {
                    _isAcknowledged = (await _clock.RunAsync(first(dying, $"/bucket/key{run}"))).Status == 204;
                }
                finally
                {
                    await _clock.RunAsync(CloseAsync(dying));
                }
            },
            async run =>
            {
                // The living proxy may remember buckets for this long.
                _clock.Advance(TimeSpan.FromSeconds(61));
                await check($"/bucket/key{run}");
            });
        Assert.True(runs > 5);
    }

    private static async Task<bool> CloseAsync(OverlayHost proxy)
    {
        await proxy.DisposeAsync();
        return true;
    }
}
