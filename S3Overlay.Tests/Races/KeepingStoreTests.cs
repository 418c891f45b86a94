using S3Overlay.Proxy.Forwarding.Stores.Placed;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Tests.Forwarding.Stores.Placed;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Conditional uploads over a store that keeps the key to such a write from its headers to its answer (MinIO), with clients that are slow.
/// Others who change the key through the same proxy wait at the store then, and must hold nothing that the upload waits for; nor does S3
/// let them wait for a slow client at all.
/// </summary>
[Trait("Rule", "W3")]
public sealed class KeepingStoreTests
{
    /// <summary>More than lies in buffers on the way.</summary>
    private static readonly byte[] Large = [.. Enumerable.Repeat((byte)'v', 1 << 20)];

    [Theory]
    [InlineData("absent", "cache-bucket", "")]
    [InlineData("written", "cache-bucket", "")]
    [InlineData("written", "cache-bucket", "If-Match")]
    [InlineData("copy", "bucket", "")]
    public async Task A_delete_ends_a_slow_upload(string state, string place, string condition)
    {
        await using var scene = await StartAsync(place);
        var etag = await ArrangeAsync(scene.Place, state);
        using var upload = await BeginAsync(scene, etag);
        var deleted = await scene.Place.SendAsync("DELETE", "/bucket/key", null, condition.Length > 0 ? [(condition, etag!)] : []);
        Assert.Equal(204, deleted.Status);
        var answer = await upload.FinishAsync();
        Assert.Equal((409, "ConditionalRequestConflict"), (answer.Status, answer.Code));
        Assert.Equal(404, (await scene.Place.SendAsync("GET", "/bucket/key")).Status);
    }

    [Theory]
    [InlineData("written", "cache-bucket", "put")]
    [InlineData("written", "cache-bucket", "copy")]
    [InlineData("absent", "cache-bucket", "put")]
    [InlineData("copy", "bucket", "put")]
    [InlineData("copy", "bucket", "copy")]
    public async Task A_write_ends_a_slow_upload(string state, string place, string write)
    {
        await using var scene = await StartAsync(place);
        var etag = await ArrangeAsync(scene.Place, state);
        using var upload = await BeginAsync(scene, etag);
        var written = await (write == "put"
            ? scene.Place.SendAsync("PUT", "/bucket/key", "mine")
            : scene.Place.SendAsync("PUT", "/bucket/key", null, ("x-amz-copy-source", "/bucket/mine")));
        Assert.Equal(200, written.Status);
        var answer = await upload.FinishAsync();
        Assert.Equal((409, "ConditionalRequestConflict"), (answer.Status, answer.Code));
        Assert.Equal("mine", (await scene.Place.SendAsync("GET", "/bucket/key")).Text);
    }

    /// <summary>Nor do those end it that come in the moments in which it ends by itself.</summary>
    [Fact]
    public async Task An_upload_that_ends_soon_is_waited_for()
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "other", "other"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "mine")).Status);
        using var keeping = new KeepingStore(scene.Store);
        await using var proxy = await scene.Clock.RunAsync(scene.AddProxyAsync());

        // From here on no time passes.
        using var upload = await SlowUpload.BeginAsync(proxy, "/bucket/key", Large, Condition(null));
        await keeping.UntilKeptAsync("/bucket/key");
        var deleting = proxy.SendAsync("DELETE", "/bucket/key");
        await scene.Clock.WaitForTimerAsync(KeyLocks.Grace).WaitAsync(Patience.Limit);
        Assert.Equal(200, (await upload.FinishAsync()).Status);
        Assert.Equal(204, (await deleting).Status);
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/key")).Status);
    }

    /// <summary>Who came second is judged by what the first has written.</summary>
    [Theory]
    [InlineData("absent", "cache-bucket")]
    [InlineData("copy", "bucket")]
    public async Task Two_uploads_on_one_condition_wait_for_each_other(string state, string place)
    {
        await using var scene = await StartAsync(place);
        var etag = await ArrangeAsync(scene.Place, state);
        using var upload = await BeginAsync(scene, etag);
        using var other = await SlowUpload.BeginAsync(scene.Place.Proxy, "/bucket/key", Large, Condition(etag));
        var second = other.FinishAsync();
        await Patience.UntilAsync(() => scene.Keeping.Waiting > 0, "The second waits nowhere.");
        Assert.Equal(200, (await upload.FinishAsync()).Status);
        Assert.Equal(412, (await second).Status);
    }

    [Fact, Trait("Rule", "E4")]
    public async Task A_large_write_over_a_copy_does_not_wait_for_itself()
    {
        await using var scene = await StartAsync("bucket");
        var etag = await ArrangeAsync(scene.Place, "copy");
        Assert.Equal(200, (await scene.Place.Proxy.Http.SendAsync("PUT", "/bucket/key", Large, Condition(etag))).Status);
        Assert.Equal(Large.Length, (await scene.Place.SendAsync("GET", "/bucket/key")).Text.Length);
    }

    private static async Task<SlowUpload> BeginAsync(KeptScene scene, string? etag)
    {
        var upload = await SlowUpload.BeginAsync(scene.Place.Proxy, "/bucket/key", Large, Condition(etag));
        await scene.Keeping.UntilKeptAsync("/bucket/key");
        return upload;
    }

    private static (string Name, string Value) Condition(string? etag) => etag is null ? ("If-None-Match", "*") : ("If-Match", etag);

    private static async Task<string?> ArrangeAsync(PlaceScene scene, string state)
    {
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "mine")).Status);
        if (state == "written")
        {
            return (await scene.SendAsync("PUT", "/bucket/key", state)).Headers["ETag"];
        }

        if (state != "copy")
        {
            return null;
        }

        await scene.FillAsync("key");
        return (await scene.SendAsync("HEAD", "/bucket/key")).Headers["ETag"];
    }

    /// <summary>However slow that client is.</summary>
    [Fact, Trait("Rule", "E4")]
    public async Task A_drop_waits_for_a_slow_upload_over_a_copy_for_a_while()
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "key", "remote"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "mine")).Status);
        using var keeping = new KeepingStore(scene.Store);
        await using var proxy =
            await scene.Clock.RunAsync(scene.AddProxyAsync(("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CACHE_PLACE", "bucket")));
        var etag = (await scene.SendAsync(proxy, "GET", "/bucket/key")).Headers["ETag"];
        await proxy.Copies!.WhenIdleAsync();
        Assert.Equal(200, (await scene.AskStoreAsync("HEAD", "/bucket/key")).Status);
        using var upload = await SlowUpload.BeginAsync(proxy, "/bucket/key", Large, Condition(etag));
        await keeping.UntilKeptAsync("/bucket/key");
        var dropping = proxy.Copies.DropAsync("bucket", "key", null, default).AsTask();
        await Patience.UntilAsync(() => ((PlacedCopies)proxy.Services.Local.Placed!).Waiting > 0, "The drop does not wait.");
        scene.Clock.Advance(PlacedCopies.LongestWait);
        await Assert.ThrowsAsync<IOException>(() => dropping.WaitAsync(Patience.Limit));
        Assert.Equal(200, (await upload.FinishAsync()).Status);
        await proxy.Copies.DropAsync("bucket", "key", null, default);
        Assert.Equal(Large.Length, (await scene.SendAsync(proxy, "GET", "/bucket/key")).Text.Length);
    }

    private static async Task<KeptScene> StartAsync(string place)
    {
        KeepingStore? keeping = null;
        var scene = await PlaceScene.StartAsync(store => keeping = new KeepingStore(store), ("S3_OVERLAY_CACHE_PLACE", place));
        return new KeptScene(scene, keeping!);
    }

    private sealed record KeptScene(PlaceScene Place, KeepingStore Keeping) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Keeping.Dispose();
            await Place.DisposeAsync();
        }
    }
}
