using System.Net.Sockets;

using S3Overlay.Proxy.Hosting;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>What the settings of reads and of the cache change for clients.</summary>
public sealed class ReadSettingTests
{
    private static readonly byte[] Bytes = new byte[300_000];

    [Theory, Trait("Rule", "C2")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task A_fill_without_readers_is_cancelled_if_the_setting_says_so(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_FILL_ON_ABORT", "drop"));
        scene.Remote.Put("bucket", "key", Bytes);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Remote.Script = (request, _) => Task.FromResult(new ScriptedOutcome { GateAfter = (100_000, gate) });
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(scene.Proxy.Endpoint.Host, scene.Proxy.Endpoint.Port);
            await socket.SendAsync(scene.Proxy.Http.Signed("GET", "/bucket/key"));
            Assert.True(await socket.ReceiveAsync(new byte[1000]) > 0);
        }

        // The remote has not continued, so only an aborted fill ends.
        await scene.Proxy.WhenIdleAsync();
        gate.SetResult();
        Assert.Equal("MISS", (await scene.SendAsync("GET", "/bucket/key")).Headers["x-cache"]);
    }

    [Fact, Trait("Rule", "C1")]
    public async Task Beyond_the_room_for_fills_reads_continue_uncached()
    {
        await using var scene = await LayerScene.StartAsync("store", ("S3_OVERLAY_SPOOL_MAX_BYTES", "100000"));
        scene.Remote.Put("bucket", "large", Bytes);
        scene.Remote.Put("bucket", "small", Bytes[..1000]);
        foreach (var (key, length, held) in ((string, int, bool)[])[("large", Bytes.Length, false), ("small", 1000, true)])
        {
            Assert.Equal((200, length), Of(await scene.SendAsync("GET", "/bucket/" + key)));
            await scene.Proxy.WhenIdleAsync();
            var again = await scene.SendAsync("GET", "/bucket/" + key);
            Assert.Equal((200, length), Of(again));
            Assert.Equal(held, again.Headers["x-cache"] == "HIT");
        }

        static (int, int) Of(RawResponse response) => (response.Status, response.Body.Length);
    }

    [Theory, Trait("Rule", "F")]
    [InlineData("embedded", "forbidden", 403, "AccessDenied")]
    [InlineData("embedded", "not-found", 404, "NoSuchKey")]
    [InlineData("store", "forbidden", 403, "AccessDenied")]
    [InlineData("store", "not-found", 404, "NoSuchKey")]
    public async Task What_the_remote_refuses_is_refused_or_absent(string layer, string setting, int status, string code)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REMOTE_FORBIDDEN", setting));
        scene.Remote.AddBucket("bucket");
        scene.Remote.Script = async (request, context) =>
        {
            if (request.Key.Length == 0)
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 403, "AccessDenied");
            return ScriptedOutcome.Answered;
        };
        var refused = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal((status, code), (refused.Status, refused.Code));
        Assert.Equal(status, (await scene.SendAsync("HEAD", "/bucket/key")).Status);
    }

    [Fact]
    public async Task An_unusable_folder_is_named_as_that_of_the_cache()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["file"], "no folder");
        var refused = await Assert.ThrowsAsync<StartupException>(() => OverlayHost.StartEmbeddedAsync(
            new Uri("http://127.0.0.1:1"), ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CACHE_DIR", folder["file"])));
        Assert.Contains($"The cache folder {folder["file"]} cannot be used", refused.Message, StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_CACHE_DIR", refused.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "E4")]
    public async Task Entries_are_in_the_named_folder()
    {
        using var folder = new TemporaryFolder();
        await using var scene = await LayerScene.StartAsync("embedded", ("S3_OVERLAY_CACHE_DIR", folder["copies"]));
        scene.Remote.Put("bucket", "key", Bytes);
        await scene.SendAsync("GET", "/bucket/key");
        await scene.Proxy.WhenIdleAsync();
        Assert.Equal("HIT", (await scene.SendAsync("GET", "/bucket/key")).Headers["x-cache"]);
        Assert.Contains(Directory.EnumerateFiles(folder["copies"], "*", SearchOption.AllDirectories),
            file => new FileInfo(file).Length > Bytes.Length);
        Assert.False(Directory.Exists(Path.Combine(scene.Proxy.Folder["data"], "cache")));
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "T5")]
    public async Task Entries_are_in_the_named_bucket_which_clients_cannot_see()
    {
        await using var scene = await LayerScene.StartAsync("store", ("S3_OVERLAY_CACHE_BUCKET", "of-the-overlay"));
        scene.Remote.Put("bucket", "key", Bytes);
        await scene.SendAsync("GET", "/bucket/key");
        await scene.Proxy.WhenIdleAsync();
        Assert.Equal("HIT", (await scene.SendAsync("GET", "/bucket/key")).Headers["x-cache"]);
        var store = new SignedHttp(scene.Store!.Endpoint) { Clock = scene.Clock };
        Assert.Contains("<Key>", (await store.SendAsync("GET", "/of-the-overlay?list-type=2")).Text, StringComparison.Ordinal);
        Assert.Equal(404, (await store.SendAsync("HEAD", "/s3-overlay-cache")).Status);
        Assert.Equal(404, (await scene.SendAsync("HEAD", "/of-the-overlay")).Status);
        var made = await scene.SendAsync("PUT", "/of-the-overlay");
        Assert.Equal((409, "BucketAlreadyExists"), (made.Status, made.Code));
    }
}
