using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>The built-in store's disk is full, and the cache is on it too: entries are evicted for writes (table F).</summary>
[Trait("Rule", "F-full")]
public sealed class CacheGivesWayTests : IAsyncLifetime
{
    private const int Size = 200_000;
    private const int Count = 20;

    private readonly SmallDisk _disk = new();
    private ScriptedRemote _remote = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        for (var i = 0; i < Count; i++)
        {
            _remote.Put("bucket", $"key{i:d2}", Bytes(i));
        }
    }

    public async Task DisposeAsync() => await _remote.DisposeAsync();

    [Theory, Trait("Rule", "E5")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Writes_succeed_while_an_entry_can_be_evicted(bool tellsRoom)
    {
        _disk.TellsRoom = tellsRoom;
        await using var proxy = await StartAsync(("S3_OVERLAY_CACHE_MIN_FREE", "0"));
        await ReadAllAsync(proxy);
        Assert.Equal(Count * Size, Cache(proxy).Bytes);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/first", "v")).Status);
        _disk.Fill(proxy.Folder["data"]);
        var written = 0;
        for (; written < 10 * Count && (await PutAsync(proxy, written)).Status == 200; written++)
        {
        }

        // Nearly as many as there were entries of this size. Then none is left to evict.
        Assert.InRange(written, Count - 5, Count + 1);
        Assert.Equal("InsufficientStorage", (await PutAsync(proxy, written)).Code);
        Assert.Equal(0, Cache(proxy).Bytes);
        Assert.Equal(Count, Cache(proxy).Evictions);
        for (var i = 0; i < written; i++)
        {
            Assert.Equal(Bytes(100 + i), (await proxy.SendAsync("GET", $"/bucket/written{i:d3}")).Body);
        }

        await ReadAllAsync(proxy);
    }

    [Theory, Trait("Rule", "E5")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_share_of_the_disk_stays_free(bool copiesOnWrite)
    {
        const int MinFree = 1_000_000;
        _disk.TellsRoom = true;
        _disk.CopiesOnWrite = copiesOnWrite;
        await using var proxy = await StartAsync(("S3_OVERLAY_CACHE_MIN_FREE", $"{MinFree}"));
        var data = proxy.Folder["data"];
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/first", "v")).Status);
        _disk.Limit(data, 13_000_000);
        await ReadAllAsync(proxy);
        Assert.InRange(_disk.RoomOf(data)!.Value, MinFree, long.MaxValue);
        Assert.InRange(Cache(proxy).Bytes, Size, (Count - 1) * Size);

        // What was read last is there still.
        var asked = _remote.Requests.Count;
        Assert.Equal(Bytes(Count - 1), (await proxy.SendAsync("GET", $"/bucket/key{Count - 1:d2}")).Body);
        Assert.Equal(asked, _remote.Requests.Count);

        // Other data needs the rest. The cache becomes empty, and fills again once there is space.
        _disk.Limit(data, 0);
        for (var i = 0; i < 3; i++)
        {
            await ReadAllAsync(proxy);
        }

        // The entry that was read last is evicted once its reader has released it, a moment after its response.
        await Patience.UntilAsync(() => Cache(proxy).Bytes == 0, "An entry stays on a disk without room.");
        _disk.Grow();
        await ReadAllAsync(proxy);
        Assert.Equal(Count * Size, Cache(proxy).Bytes);
    }

    [Theory, Trait("Rule", "E5")]
    [InlineData(100L << 20, 5L << 20)]
    [InlineData(100L << 30, 1L << 30)]
    public void By_default_that_is_5_percent_and_1_GiB_at_most(long size, long expected)
    {
        _disk.TellsRoom = true;
        _disk.Limit(".", size);
        Assert.Equal(expected, new FreeSpace(_disk, ".", null).MinFree);
        Assert.Equal(7, new FreeSpace(_disk, ".", 7).MinFree);
    }

    private static byte[] Bytes(int seed)
    {
        var bytes = new byte[Size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static DiskCacheStore Cache(OverlayHost proxy) => (DiskCacheStore)proxy.Services.Local.Cache!;

    private Task<OverlayHost> StartAsync(params (string Name, string Value)[] settings) =>
        OverlayHost.StartOnDiskAsync(
            _disk, _remote.Endpoint, null, [("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_UNMAPPED", "show"), .. settings]);

    private static Task<RawResponse> PutAsync(OverlayHost proxy, int number) =>
        proxy.Http.SendAsync("PUT", $"/bucket/written{number:d3}", Bytes(100 + number));

    private static async Task ReadAllAsync(OverlayHost proxy)
    {
        for (var i = 0; i < Count; i++)
        {
            Assert.Equal(Bytes(i), (await proxy.SendAsync("GET", $"/bucket/key{i:d2}")).Body);
            await proxy.WhenIdleAsync();
            await Cache(proxy).Evicting;
        }
    }
}
