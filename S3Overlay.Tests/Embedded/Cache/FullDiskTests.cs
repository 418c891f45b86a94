using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Overlay.Freshness;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Cache;

/// <summary>
/// The disk of the cache and its index is full (table F). Reads work, evictions free space although their rows cannot be removed, and
/// everything recovers once there is space.
/// </summary>
[Trait("Rule", "F-full")]
public sealed class FullDiskTests : FreshnessTestBase
{
    private const int Block = 64 * 1024;

    private readonly FullDisk _disk = new();
    private long? _maxBytes;

    private DiskCacheStore Cache => (DiskCacheStore)Store;

    private string[] Files => Directory.GetFiles(Folder["cache/files"], "*.held", SearchOption.AllDirectories);

    [Fact]
    public async Task Reads_come_from_the_remote_and_are_cached_once_there_is_room()
    {
        var held = await HoldAsync("held", 3 * Block);
        var cold = Bytes(3 * Block, 2);
        Remote.Put("cold", cold);
        _disk.IsOut = true;
        for (var i = 0; i < 2; i++)
        {
            var response = await ReadAsync("cold");
            Assert.Equal((200, false), (response.Status, response.IsAborted));
            Assert.Equal(cold, response.Bytes);
            Assert.Equal("remote", Origin(response).Layer);
            await QuietAsync();
        }

        Assert.Single(Files);
        ForgetRequests();
        var hit = await ReadAsync("held");
        Assert.Equal("HIT", Origin(hit).Cache);
        Assert.Equal(held, hit.Bytes);
        Assert.Empty(Remote.Gets);

        _disk.IsOut = false;
        Assert.Equal("MISS", Origin(await ReadAsync("cold")).Cache);
        await QuietAsync();
        Assert.Equal("HIT", Origin(await ReadAsync("cold")).Cache);
        Assert.Equal(6 * Block, Cache.Bytes);
    }

    [Fact]
    public async Task An_outdated_entry_is_never_read_again_even_if_its_row_stays()
    {
        await HoldAsync("key", 3 * Block);
        Time.Advance(Life);
        _disk.IsOut = true;
        var newer = Bytes(2 * Block, 7);
        Remote.Put("key", newer);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(newer, (await ReadAsync("key")).Bytes);
            await QuietAsync();
        }

        Assert.Empty(Files);
        Assert.Equal(0, Cache.Bytes);
        _disk.IsOut = false;
        Assert.Equal(newer, (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        Assert.Equal(2 * Block, Cache.Bytes);
        Assert.Single(Files);
        await ReopenAsync();
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        await Cache.Cleaning;
        await Cache.Evicting;
        Assert.Equal(2 * Block, Cache.Bytes);
    }

    [Fact]
    public async Task An_evicted_entry_makes_room_and_is_not_found_again()
    {
        await HoldAsync("key", 3 * Block);
        await HoldAsync("other", Block);
        _disk.IsOut = true;
        await Store.EvictAsync(Bucket, "key", null, default);
        Assert.Single(Files);
        Assert.Equal(Block, Cache.Bytes);
        Assert.Null(await Store.FindAsync(Bucket, "key", default));

        // Evicted again, because its row is still there. It counted once.
        await Store.EvictAsync(Bucket, "key", null, default);
        Assert.Equal(Block, Cache.Bytes);
        _disk.IsOut = false;
        Assert.Null(await Store.FindAsync(Bucket, "key", default));
        Assert.Equal(["other"], await KeysAsync());
        Assert.Equal(Block, Cache.Bytes);
    }

    [Fact]
    public async Task Eviction_continues_counts_each_entry_once_and_ends()
    {
        _maxBytes = 6 * Block;
        await ReopenAsync();
        for (var i = 0; i < 3; i++)
        {
            await HoldAsync($"key-{i}", Block);
            Time.Advance(Moment);
        }

        await using var large = await CreateAsync("large", 12 * Block);
        await large.WriteAsync(0, new byte[2 * Block], default);
        await Cache.Evicting;
        Assert.Equal((5 * Block, 0), (Cache.Bytes, Cache.Evictions));

        // Its file is there, and grows.
        _disk.IsOut = true;
        await large.WriteAsync(2 * Block, new byte[2 * Block], default);
        await Cache.Evicting;
        Assert.Equal((6 * Block, 1, 3), (Cache.Bytes, Cache.Evictions, Files.Length));

        // The entry in use is larger than the limit. Rows that a full disk cannot remove must not cause endless retries.
        await large.WriteAsync(4 * Block, new byte[6 * Block], default);
        await Cache.Evicting.WaitAsync(Patience.Limit);
        Assert.Equal((10 * Block, 3, 1), (Cache.Bytes, Cache.Evictions, Files.Length));

        _disk.IsOut = false;
        await large.DisposeAsync();
        await Cache.Evicting;
        Assert.Equal((0, 4, 0), (Cache.Bytes, Cache.Evictions, Files.Length));
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task Hit_times_are_saved_once_there_is_room_and_a_full_disk_does_not_block_closing()
    {
        await HoldAsync("key", Block);
        await HoldAsync("other", Block);
        await Cache.SaveAsync();
        Time.Advance(Moment);
        await ReadAsync("key");
        await ReadAsync("other");
        _disk.IsOut = true;
        await Assert.ThrowsAsync<IOException>(() => Cache.SaveAsync());
        await Assert.ThrowsAsync<IOException>(() => Cache.SaveAsync());
        _disk.IsOut = false;
        Assert.True(await Cache.SaveAsync());
        Assert.False(await Cache.SaveAsync());

        await ReadAsync("key");
        _disk.IsOut = true;
        await ReopenAsync(() => _disk.IsOut = false);
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        Assert.Equal("HIT", Origin(await ReadAsync("other")).Cache);
    }

    protected override ICacheStore OpenStore() =>
        DiskCacheStore.Open(Folder["cache"], NullLogger<DiskCacheStore>.Instance, Time, _maxBytes, _disk);

    private ValueTask<ICacheEntry> CreateAsync(string key, int size) => Store.CreateAsync(
        Bucket, key, new EntryIdentity(Remote.Endpoint, "remote-bucket", key, 0), Remote.Put(key, new byte[size]), Time.GetUtcNow(),
        default);

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var row in Store.ListAsync(Bucket, "", "", default))
        {
            keys.Add(row.Key);
        }

        return keys;
    }
}
