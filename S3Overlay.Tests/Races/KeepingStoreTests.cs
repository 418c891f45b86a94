using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Conditional uploads of slow clients over a store that locks the key from the headers of such a write to its response (MinIO). Other
/// changes of the key through the same proxy then wait at the store, and must hold nothing that the upload needs. S3 does not let them wait
/// for a slow client at all.
/// </summary>
[Trait("Rule", "W3")]
public sealed class KeepingStoreTests
{
    /// <summary>More than lies in buffers on the way.</summary>
    private static readonly byte[] Large = [.. Enumerable.Repeat((byte)'v', 1 << 20)];

    [Theory]
    [InlineData("absent", "")]
    [InlineData("written", "")]
    [InlineData("written", "If-Match")]
    public async Task A_delete_ends_a_slow_upload(string state, string condition)
    {
        await using var scene = await StartAsync();
        var etag = await ArrangeAsync(scene, state);
        using var upload = await BeginAsync(scene, etag);
        var deleted = await scene.SendAsync("DELETE", "/bucket/key", null, condition.Length > 0 ? [(condition, etag!)] : []);
        Assert.Equal(204, deleted.Status);
        var response = await upload.FinishAsync();
        Assert.Equal((409, "ConditionalRequestConflict"), (response.Status, response.Code));
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/key")).Status);
    }

    [Theory]
    [InlineData("written", "put")]
    [InlineData("written", "copy")]
    [InlineData("absent", "put")]
    public async Task A_write_ends_a_slow_upload(string state, string write)
    {
        await using var scene = await StartAsync();
        var etag = await ArrangeAsync(scene, state);
        using var upload = await BeginAsync(scene, etag);
        var written = await (write == "put"
            ? scene.SendAsync("PUT", "/bucket/key", "mine")
            : scene.SendAsync("PUT", "/bucket/key", null, ("x-amz-copy-source", "/bucket/mine")));
        Assert.Equal(200, written.Status);
        var response = await upload.FinishAsync();
        Assert.Equal((409, "ConditionalRequestConflict"), (response.Status, response.Code));
        Assert.Equal("mine", (await scene.SendAsync("GET", "/bucket/key")).Text);
    }

    /// <summary>Nor do those end it that come in the moments in which it ends by itself.</summary>
    [Fact]
    public async Task An_upload_that_ends_soon_is_waited_for()
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "other", "other"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "mine")).Status);
        using var keeping = new KeepingStore(scene.Store);

        // Only the probe's first wait ends at once. Its second is a time limit, which a busy machine must not reach: the proxy would take
        // the store for one that does not lock keys, and the delete would wait at the store.
        await using var proxy = await scene.Clock.RunAsync(scene.AddProxyAsync(), TimeSpan.FromMilliseconds(500));

        // From here on no time passes.
        using var upload = await SlowUpload.BeginAsync(proxy, "/bucket/key", Large, Condition(null));
        await keeping.UntilKeptAsync("/bucket/key");
        var deleting = proxy.SendAsync("DELETE", "/bucket/key");
        await scene.Clock.WaitForTimerAsync(KeyLocks.Grace).WaitAsync(Patience.Limit);
        Assert.Equal(200, (await upload.FinishAsync()).Status);
        Assert.Equal(204, (await deleting).Status);
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/key")).Status);
    }

    /// <summary>The second upload is judged by what the first has written.</summary>
    [Fact]
    public async Task Two_uploads_on_one_condition_wait_for_each_other()
    {
        await using var scene = await StartAsync();
        var etag = await ArrangeAsync(scene, "absent");
        using var upload = await BeginAsync(scene, etag);
        using var other = await SlowUpload.BeginAsync(scene.Proxy, "/bucket/key", Large, Condition(etag));
        var second = other.FinishAsync();
        await Patience.UntilAsync(() => scene.Keeping.Waiting > 0, "The second waits nowhere.");
        Assert.Equal(200, (await upload.FinishAsync()).Status);
        Assert.Equal(412, (await second).Status);
    }

    private static async Task<SlowUpload> BeginAsync(KeptScene scene, string? etag)
    {
        var upload = await SlowUpload.BeginAsync(scene.Proxy, "/bucket/key", Large, Condition(etag));
        await scene.Keeping.UntilKeptAsync("/bucket/key");
        return upload;
    }

    private static (string Name, string Value) Condition(string? etag) => etag is null ? ("If-None-Match", "*") : ("If-Match", etag);

    /// <summary>Writes the key unless it must be absent. Returns its ETag, or null.</summary>
    private static async Task<string?> ArrangeAsync(KeptScene scene, string state)
    {
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "mine")).Status);
        return state == "written" ? (await scene.SendAsync("PUT", "/bucket/key", state)).Headers["ETag"] : null;
    }

    private static async Task<KeptScene> StartAsync()
    {
        var (store, remote) = (await StoreServer.StartAsync(), await ScriptedRemote.StartAsync());
        remote.Put("bucket", "other", "other"u8.ToArray());
        var keeping = new KeepingStore(store);
        var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint, null, ("S3_OVERLAY_CACHE_ENABLED", "true"));
        return new KeptScene(store, remote, keeping, proxy);
    }

    private sealed record KeptScene(StoreServer Store, ScriptedRemote Remote, KeepingStore Keeping, OverlayHost Proxy) : IAsyncDisposable
    {
        public Task<RawResponse> SendAsync(string method, string target, string? body = null,
            params (string Name, string Value)[] headers) =>
            Proxy.SendAsync(method, target, body, headers);

        public async ValueTask DisposeAsync()
        {
            Keeping.Dispose();
            await Proxy.DisposeAsync();
            await Store.DisposeAsync();
            await Remote.DisposeAsync();
        }
    }
}
