using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Hosting;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting;

/// <summary>A process may run several proxies, one after another. Nothing of an ended or failed one stays in memory.</summary>
public sealed class EndedProxyTests
{
    [Theory]
    [InlineData("alone")]
    [InlineData("over a remote")]
    [InlineData("over a remote, by chunks", "S3_OVERLAY_CHUNK_THRESHOLD=64KiB", "S3_OVERLAY_CHUNK_SIZE=64KiB",
        "S3_OVERLAY_CACHE_MAX_BYTES=1GiB")]
    [InlineData("over a store")]
    [InlineData("over a store and a remote")]
    [InlineData("over a store and a remote, by chunks", "S3_OVERLAY_CHUNK_THRESHOLD=64KiB", "S3_OVERLAY_CHUNK_SIZE=64KiB",
        "S3_OVERLAY_CACHE_MAX_BYTES=1GiB", "S3_OVERLAY_READ_THROUGH_ON_LOCAL_ERROR=true")]
    [InlineData("over a store and a remote, with an expiry", "S3_OVERLAY_REVALIDATE=1h")]
    [InlineData("alone, with a port for watchers", "S3_OVERLAY_MANAGEMENT_URLS=http://127.0.0.1:0")]
    public async Task Of_one_that_has_ended_nothing_is_left(string what, params string[] settings)
    {
        await using var store = what.Contains("a store", StringComparison.Ordinal) ? await StoreServer.StartAsync() : null;
        await using var remote = what.Contains("a remote", StringComparison.Ordinal) ? await ScriptedRemote.StartAsync() : null;
        remote?.Put("bucket", "remote", new byte[300_000]);
        var clock = await RunAsync(store?.Endpoint, remote, settings);
        await CollectedAsync(clock);
    }

    [Theory]
    [InlineData("urls=http://127.0.0.1:{0}")]
    [InlineData("S3_OVERLAY_MANAGEMENT_URLS=http://127.0.0.1:{0}")]
    [InlineData("S3_OVERLAY_DATA_DIR=/dev/null/data")]
    public async Task A_proxy_that_could_not_start_leaves_none_either(string setting)
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        await using var remote = await ScriptedRemote.StartAsync();
        var clock = await FailAsync(remote.Endpoint, string.Format(null, setting, ((IPEndPoint)taken.LocalEndPoint!).Port));
        await CollectedAsync(clock);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> RunAsync(Uri? store, ScriptedRemote? remote, string[] settings)
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var proxy = await OverlayHost.StartAsync(store, remote?.Endpoint, clock, [.. settings.Select(Parse)]);
        Assert.Equal(
            200, (await proxy.SendAsync("PUT", remote is null ? "/bucket" : "/bucket/written", remote is null ? null : "bytes")).Status);
        if (remote is not null)
        {
            Assert.Equal(300_000, (await proxy.SendAsync("GET", "/bucket/remote")).Body.Length);
            Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bucket/other")).Status);
            await proxy.WhenIdleAsync();
            Assert.Equal(300_000, (await proxy.SendAsync("GET", "/bucket/remote")).Body.Length);
        }

        Assert.Equal(200, (await proxy.SendAsync("GET", "/bucket?list-type=2")).Status);
        return new WeakReference(clock);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> FailAsync(Uri remote, string setting)
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await Assert.ThrowsAnyAsync<StartupException>(() => OverlayHost.StartAsync(null, remote, clock, Parse(setting)));
        return new WeakReference(clock);
    }

    private static (string, string) Parse(string setting) =>
        (setting[..setting.IndexOf('=', StringComparison.Ordinal)], setting[(setting.IndexOf('=', StringComparison.Ordinal) + 1)..]);

    /// <summary>Everything that uses the clock refers to it, so it lives as long as any of these.</summary>
    private static Task CollectedAsync(WeakReference clock) =>
        Patience.UntilAsync(
            async () =>
            {
                await Task.Delay(20);
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !clock.IsAlive;
            },
            "What the proxy was made of is kept in memory.");
}
