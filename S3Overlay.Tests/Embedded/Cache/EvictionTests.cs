using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Cache;

/// <summary>The cache stays within its limit: the least recently used entries are evicted, except those in use (rule E1).</summary>
public sealed class EvictionTests : IAsyncLifetime
{
    private const int Block = 64 * 1024;

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private DiskCacheStore _store = null!;

    private string[] Files => Directory.Exists(_folder["cache/files"]) ? Directory
        .GetFiles(_folder["cache/files"], "*.held", SearchOption.AllDirectories) : [];

    public Task InitializeAsync()
    {
        Open(10 * Block);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact, Trait("Rule", "E1")]
    public async Task What_was_used_longest_ago_goes_first_and_only_as_much_as_must()
    {
        for (var i = 0; i < 10; i++)
        {
            await PutAsync($"key{i}", Block);
        }

        await UseAsync("key0");
        await UseAsync("key3");
        await _store.Evicting;
        Assert.Equal((10 * Block, 0), (_store.Bytes, _store.Evictions));
        await PutAsync("more", 2 * Block);
        await _store.Evicting;
        Assert.Equal(["key0", "key3", "key4", "key5", "key6", "key7", "key8", "key9", "more"], await KeysAsync());
        Assert.Equal((10 * Block, 2, 9), (_store.Bytes, _store.Evictions, Files.Length));
    }

    [Fact, Trait("Rule", "E1")]
    public async Task An_entry_in_use_stays_and_is_evicted_later()
    {
        var oldest = await CreateAsync("oldest", 6 * Block);
        await WriteAsync(oldest, 6 * Block);
        await PutAsync("other", 4 * Block);
        await PutAsync("newest", 3 * Block);
        await _store.Evicting;
        Assert.Equal(["newest", "oldest"], await KeysAsync());

        // The entry in use is larger than the limit. It stays, and nothing else does.
        var large = await CreateAsync("large", 11 * Block);
        await WriteAsync(large, 11 * Block);
        await _store.Evicting;
        Assert.Equal(["large", "oldest"], await KeysAsync());
        await using (var reader = oldest.Read(new ByteRange(0, (6 * Block) - 1)))
        {
            Assert.Equal(Block, await reader.ReadAsync(new byte[Block], default));
        }

        await oldest.DisposeAsync();
        await _store.Evicting;
        Assert.Equal(["large"], await KeysAsync());
        await large.DisposeAsync();
        await _store.Evicting;
        Assert.Empty(await KeysAsync());
        Assert.Equal(0, _store.Bytes);
    }

    [Fact, Trait("Rule", "E5")]
    public async Task On_a_short_disk_an_entry_in_use_finds_the_cache_full_and_not_broken()
    {
        var disk = new SmallDisk { TellsRoom = true };
        await using var store = DiskCacheStore.Open(
            _folder["small"], NullLogger<DiskCacheStore>.Instance, _time, null, disk, minFree: Block);
        var info = new ObjectInfo { Size = 10 * Block, ETag = "\"v\"", LastModified = DateTimeOffset.UnixEpoch };
        await using var entry = await store.CreateAsync(
            "bucket", "key", new EntryIdentity("http://remote", "bucket", "key", 0), info, _time.GetUtcNow(), default);

        // The look at the start must not find the disk short already.
        await store.Evicting;
        disk.Limit(_folder["small"], 0);
        await entry.WriteAsync(0, new byte[Block], default);
        await store.Evicting;

        // Another failure would cost the entry what it has (rule R3).
        await Assert.ThrowsAsync<CacheFullException>(() => entry.WriteAsync(Block, new byte[Block], default).AsTask());
        Assert.True(entry.IsCurrent);
        disk.Grow();
        await entry.WriteAsync(Block, new byte[Block], default);
    }

    [Fact, Trait("Rule", "E1")]
    public async Task A_restart_knows_the_size_of_the_cache_and_when_entries_were_used()
    {
        for (var i = 0; i < 5; i++)
        {
            await PutAsync($"key{i}", 2 * Block);
        }

        await UseAsync("key0");
        await _store.DisposeAsync();
        Open(10 * Block);
        await UseAsync("key2");
        await PutAsync("more", 6 * Block);
        await _store.Evicting;
        Assert.Equal(["key0", "key2", "more"], await KeysAsync());
        Assert.Equal(10 * Block, _store.Bytes);

        // A lower bound holds from the start on, without anything coming.
        await _store.DisposeAsync();
        Open(7 * Block);
        await _store.Evicting;
        Assert.Equal(["more"], await KeysAsync());
    }

    [Fact, Trait("Rule", "E1")]
    public async Task After_a_crash_what_files_hold_counts_and_not_what_rows_say()
    {
        await PutAsync("early", Block);
        _time.Advance(TimeSpan.FromMinutes(1));
        await _store.Evicting;
        await using (var copy = await CreateAsync("late", 4 * Block))
        {
            await WriteAsync(copy, 3 * Block);
            CrashedFolder.Copy(_folder["cache"], _folder["crashed"]);
        }

        await using var store = DiskCacheStore.Open(_folder["crashed"], NullLogger<DiskCacheStore>.Instance, _time, 10 * Block);
        await store.Cleaning;
        await store.Evicting;
        Assert.Equal(4 * Block, store.Bytes);
    }

    [Fact, Trait("Rule", "E1")]
    public async Task After_a_restart_rows_whose_files_are_gone_do_not_count_once_all_were_looked_at()
    {
        // As a full disk leaves them, on which files can be removed and rows cannot; and a hand.
        await PutAsync("gone", 3 * Block);
        await PutAsync("stays", Block);
        var files = Files.ToDictionary(static path => path, static path => new FileInfo(path).Length);
        await _store.DisposeAsync();
        File.Delete(files.MaxBy(static file => file.Value).Key);
        Open(4 * Block);
        await _store.Cleaning;
        await _store.Evicting;
        Assert.Equal((Block, 0), (_store.Bytes, _store.Evictions));
        Assert.Equal(["stays"], await KeysAsync());

        // There is room for three blocks more, and nothing need go for them.
        await PutAsync("more", 3 * Block);
        await _store.Evicting;
        Assert.Equal((4 * Block, 0), (_store.Bytes, _store.Evictions));
        Assert.Equal(["more", "stays"], await KeysAsync());
    }

    [Fact, Trait("Rule", "E1")]
    public async Task Only_cached_blocks_count_and_evicted_or_damaged_ones_do_not()
    {
        await using (var copy = await CreateAsync("sparse", 100 * Block, chunkSize: 4 * Block))
        {
            await copy.WriteAsync(40 * Block, new byte[2 * Block], default);
            await copy.WriteAsync(42 * Block, new byte[100], default);
        }

        Assert.Equal(2 * Block, _store.Bytes);
        await PutAsync("key", 3 * Block);
        Assert.Equal(5 * Block, _store.Bytes);

        // Another version in its place.
        await PutAsync("key", Block);
        Assert.Equal(3 * Block, _store.Bytes);
        await using (var copy = await _store.FindAsync("bucket", "key", LookupHint.Info, default))
        {
            await _store.EvictAsync("bucket", "key", null, default);
            Assert.Equal(2 * Block, _store.Bytes);

            // A handle that is already open may still write. Lookups no longer find the entry.
            await copy!.WriteAsync(0, new byte[Block], default);
            Assert.Equal(2 * Block, _store.Bytes);
        }

        foreach (var file in Files)
        {
            File.Delete(file);
        }

        Assert.Null(await _store.FindAsync("bucket", "sparse", LookupHint.Info, default));
        Assert.Equal(0, _store.Bytes);
    }

    [Fact, Trait("Rule", "E1")]
    public async Task An_entry_larger_than_the_bound_is_evicted_after_its_read()
    {
        await PutAsync("small", Block);
        await PutAsync("large", 20 * Block);
        await _store.Evicting;
        Assert.Empty(await KeysAsync());
        Assert.Equal(0, _store.Bytes);
    }

    private void Open(long maxBytes) =>
        _store = DiskCacheStore.Open(_folder["cache"], NullLogger<DiskCacheStore>.Instance, _time, maxBytes);

    private async Task PutAsync(string key, int size)
    {
        await using var copy = await CreateAsync(key, size);
        await WriteAsync(copy, size);
    }

    private async Task<ICacheEntry> CreateAsync(string key, long size, long chunkSize = 0)
    {
        _time.Advance(TimeSpan.FromMilliseconds(5));
        var info = new ObjectInfo { Size = size, ETag = $"\"{key}-{Guid.NewGuid():n}\"", LastModified = DateTimeOffset.UnixEpoch };
        return await _store.CreateAsync("bucket", key, new EntryIdentity("http://remote", "bucket", key, chunkSize), info,
            _time.GetUtcNow(), default);
    }

    private static async Task WriteAsync(ICacheEntry copy, int size)
    {
        await copy.WriteAsync(0, new byte[size], default);
        await copy.CompleteAsync(default);
    }

    private async Task UseAsync(string key)
    {
        _time.Advance(TimeSpan.FromMilliseconds(5));
        await using var copy = await _store.FindAsync("bucket", key, LookupHint.Bytes(null), default);
        Assert.NotNull(copy);
    }

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var row in _store.ListAsync("bucket", "", "", default))
        {
            keys.Add(row.Key);
        }

        return keys;
    }
}
