using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Cache;

/// <summary>Pinned entries of the built-in store are not evicted to make room (rule E6).</summary>
public sealed class PinTests : IAsyncLifetime
{
    private const int Block = 64 * 1024;

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly SmallDisk _disk = new();
    private DiskCacheStore _store = null!;
    private CachePins _pins = null!;

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(_folder["data"]);
        await OpenAsync(10 * Block);
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact, Trait("Rule", "E6")]
    public async Task A_pinned_entry_stays_and_the_next_one_goes()
    {
        await PutAsync("a", 4 * Block);
        await PutAsync("p/b", 2 * Block);
        await PutAsync("c", 4 * Block);
        await PinAsync("a", isPrefix: false);
        await PinAsync("p/", isPrefix: true);
        await PutAsync("d", Block);
        await _store.Evicting;
        Assert.Equal(["a", "d", "p/b"], await KeysAsync());

        Assert.True(await _pins.RemoveAsync(Target("a", false), default));
        await PutAsync("e", 4 * Block);
        await _store.Evicting;
        Assert.Equal(["d", "e", "p/b"], await KeysAsync());
        Assert.False(await _pins.RemoveAsync(Target("a", false), default));
    }

    [Fact, Trait("Rule", "E6")]
    public async Task Pins_survive_a_restart_and_the_loss_of_the_cache()
    {
        await PinAsync("a", isPrefix: false, bytes: 5);
        await PinAsync("p\n\u00e4/", isPrefix: true);
        await _store.DisposeAsync();
        Directory.Delete(_folder["cache"], recursive: true);
        await OpenAsync(10 * Block);
        Assert.Equal([("a", false, 5L), ("p\n\u00e4/", true, 0L)], _pins.All.Select(static pin => (pin.Name, pin.IsPrefix, pin.Bytes)));
        await PutAsync("a", 6 * Block);
        await PutAsync("b", 6 * Block);
        await _store.Evicting;
        Assert.Equal(["a"], await KeysAsync());
    }

    [Fact, Trait("Rule", "E6")]
    public async Task A_damaged_line_costs_one_pin()
    {
        foreach (var key in (string[])["a", "b", "c"])
        {
            await PinAsync(key, isPrefix: false);
        }

        var path = Path.Combine(_folder["data"], StoreFolders.PinsName);
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[bytes.AsSpan().IndexOf("\"b\""u8) + 1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        await _store.DisposeAsync();
        await OpenAsync(10 * Block);
        Assert.Equal(["a", "c"], _pins.All.Select(static pin => pin.Name));
    }

    [Fact, Trait("Rule", "E6")]
    public async Task A_pin_that_the_disk_refuses_is_refused_and_the_others_stay()
    {
        await PinAsync("a", isPrefix: false);
        _disk.Fill(_folder.Path);
        await Assert.ThrowsAsync<IOException>(() => PinAsync("b", isPrefix: false));
        Assert.Equal(["a"], _pins.All.Select(static pin => pin.Name));
        _disk.Grow();
        await _pins.RefreshAsync(default);
        Assert.Equal(["a"], _pins.All.Select(static pin => pin.Name));
    }

    [Fact, Trait("Rule", "E6")]
    public async Task A_cache_full_of_pinned_entries_takes_no_more_until_one_is_unpinned()
    {
        await PinAsync("p/", isPrefix: true);
        await PutAsync("p/a", 6 * Block);
        await PutAsync("p/b", 6 * Block);
        await _store.Evicting;
        Assert.Equal(["p/a", "p/b"], await KeysAsync());
        await Assert.ThrowsAsync<CacheFullException>(() => PutAsync("c", Block));

        await _pins.RemoveAsync(Target("p/", true), default);
        await _store.Evicting;
        Assert.Equal(["p/b"], await KeysAsync());
        await PutAsync("c", Block);
        Assert.Equal(["c", "p/b"], await KeysAsync());
    }

    /// <summary>Each read of a pinned entry would otherwise look through all of them.</summary>
    [Fact, Trait("Rule", "E6")]
    public async Task A_cache_full_of_pinned_entries_is_looked_through_again_only_after_a_change()
    {
        await PutAsync("p/a", 6 * Block);
        await PinAsync("p/", isPrefix: true);
        await PutAsync("p/b", 6 * Block);
        await ReadAsync("p/a");
        var passes = _store.EvictionPasses;
        Assert.InRange(passes, 1, 20);
        for (var i = 0; i < 20; i++)
        {
            await ReadAsync("p/a");
        }

        Assert.Equal(passes, _store.EvictionPasses);
        await PinAsync("q", isPrefix: false);
        await ReadAsync("p/a");
        Assert.True(_store.EvictionPasses > passes, "A change of the pins is not noticed.");
        passes = _store.EvictionPasses;
        await ReadAsync("p/a");
        Assert.Equal(passes, _store.EvictionPasses);
        _time.Advance(TimeSpan.FromMinutes(6));
        await ReadAsync("p/a");
        Assert.True(_store.EvictionPasses > passes, "It is never looked through again.");
        await _pins.RemoveAsync(Target("p/", true), default);
        await _store.Evicting;
        Assert.Equal(["p/a"], await KeysAsync());
    }

    /// <summary>A client's write outranks the cache, and takes what is pinned last.</summary>
    [Fact, Trait("Rule", "E6")]
    public async Task A_write_that_finds_the_disk_full_takes_pinned_entries_last()
    {
        await PinAsync("a", isPrefix: false);
        await PutAsync("a", Block);
        await PutAsync("b", Block);
        await _store.SaveAsync();
        Assert.True(_store.GiveWay(Block));
        await Patience.UntilAsync(async () => await KeysAsync() is ["a"], "b is not evicted.");
        Assert.True(_store.GiveWay(Block));
        await Patience.UntilAsync(async () => await KeysAsync() is [], "a is not evicted.");
    }

    /// <summary>Whatever was there when the pin was acknowledged is there afterwards.</summary>
    [Fact, Trait("Rule", "E6")]
    public async Task A_pin_races_with_eviction_and_what_it_found_stays()
    {
        for (var round = 0; round < 50; round++)
        {
            for (var i = 0; i < 5; i++)
            {
                await PutAsync($"r{round}/{i}", 2 * Block);
            }

            // Evicts the oldest ones while they are pinned.
            var filling = Task.Run(async () =>
            {
                for (var i = 0; i < 3; i++)
                {
                    await PutAsync($"s{round}/{i}", 2 * Block);
                }
            });
            await PinAsync($"r{round}/", isPrefix: true);
            var found = (await KeysAsync()).Where(key => key.StartsWith($"r{round}/", StringComparison.Ordinal)).ToList();
            try
            {
                await filling;
            }
            catch (CacheFullException)
            {
                // Everything left is pinned.
            }

            await _store.Evicting;
            Assert.Equal(found, (await KeysAsync()).Where(key => key.StartsWith($"r{round}/", StringComparison.Ordinal)));
            await _pins.RemoveAsync(Target($"r{round}/", true), default);
            await _store.Evicting;
        }
    }

    [Fact]
    public async Task Pins_that_cover_each_other_count_once_and_one_that_does_not_fit_is_refused()
    {
        await PinAsync("p/a", isPrefix: false, bytes: 40, limit: 100);
        await PinAsync("p/", isPrefix: true, bytes: 70, limit: 100);
        Assert.Equal(70, CachePins.BytesOf(_pins.All));
        await PinAsync("p/b", isPrefix: false, bytes: 30, limit: 100);
        var full = await Assert.ThrowsAsync<PinsFullException>(() => PinAsync("q", isPrefix: false, bytes: 31, limit: 100));
        Assert.Equal((70, 100, 31), (full.Pinned, full.Limit, full.Needed));
        await PinAsync("q", isPrefix: false, bytes: 30, limit: 100);

        // The whole bucket takes the place of all.
        await PinAsync("", isPrefix: true, bytes: 100, limit: 100);
        Assert.Equal((5, 100), (_pins.All.Count, CachePins.BytesOf(_pins.All)));
    }

    private async Task OpenAsync(long maxBytes)
    {
        _pins = new CachePins(new PinFile(_folder["data"], _disk, NullLogger.Instance));
        await _pins.RefreshAsync(default);
        _store = DiskCacheStore.Open(_folder["cache"], NullLogger<DiskCacheStore>.Instance, _time, maxBytes,
            new StoreDisk(isDurable: false), 0, _pins);
    }

    private static CachePin Target(string name, bool isPrefix) => new("bucket", name, isPrefix);

    private Task PinAsync(string name, bool isPrefix, long bytes = 0, long? limit = null) =>
        _pins.AddAsync(Target(name, isPrefix) with { Bytes = bytes }, limit, 100, isDryRun: false, default);

    private async Task PutAsync(string key, int size)
    {
        _time.Advance(TimeSpan.FromMilliseconds(5));
        var info = new ObjectInfo { Size = size, ETag = $"\"{key.Length}-{Guid.NewGuid():n}\"", LastModified = DateTimeOffset.UnixEpoch };
        await using var entry = await _store.CreateAsync("bucket", key, new EntryIdentity("http://remote", "bucket", key, 0), info,
            _time.GetUtcNow(), default);
        await entry.WriteAsync(0, new byte[size], default);
        await entry.CompleteAsync(default);
    }

    private async Task ReadAsync(string key)
    {
        await using (await _store.FindAsync("bucket", key, LookupHint.Info, default))
        {
        }

        await _store.Evicting;
    }

    private async Task<List<string>> KeysAsync() =>
        await _store.ListAsync("bucket", "", "", default).Select(static row => row.Key).ToListAsync();
}
