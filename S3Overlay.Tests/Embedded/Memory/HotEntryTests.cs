using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Memory;

/// <summary>Small cache entries that are read again come from memory, under the rules of the cache.</summary>
public sealed class HotEntryTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private DiskCacheStore _store = null!;

    private string[] Files => Directory.GetFiles(_folder["cache/files"], "*.held", SearchOption.AllDirectories);

    public Task InitializeAsync()
    {
        Open(null);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact, Trait("Rule", "E4")]
    public async Task What_was_read_is_served_without_its_file_until_a_restart()
    {
        await PutAsync("key", 1);
        Assert.Equal(Bytes(1), await ReadAsync("key"));
        DeleteFiles();
        Assert.Equal(Bytes(1), await ReadAsync("key"));
        await _store.DisposeAsync();
        Open(null);
        Assert.Null(await ReadAsync("key"));
    }

    [Fact, Trait("Rule", "E4")]
    public async Task What_was_never_read_needs_its_file()
    {
        await PutAsync("key", 1);
        DeleteFiles();
        Assert.Null(await ReadAsync("key"));
    }

    [Fact, Trait("Rule", "E3")]
    public async Task An_evicted_entry_is_gone_from_memory_and_its_readers_keep_it()
    {
        await PutAsync("key", 1);
        await ReadAsync("key");
        await using var entry = await FindAsync("key");
        await _store.EvictAsync("bucket", "key", null, default);
        Assert.False(entry!.IsCurrent);
        Assert.Null(await ReadAsync("key"));
        Assert.Equal(Bytes(1), await ReadAsync(entry));
        Assert.Equal(0, _store.Bytes);
    }

    [Fact, Trait("Rule", "R7")]
    public async Task A_later_version_replaces_it()
    {
        for (var version = 0; version < 10; version++)
        {
            await PutAsync("key", version);
            Assert.Equal(Bytes(version), await ReadAsync("key"));
            Assert.Equal(Bytes(version), await ReadAsync("key"));
        }
    }

    [Theory, Trait("Rule", "R7")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_of_an_entry_that_is_replaced_or_evicted_while_it_reads_brings_nothing_back(bool isReplaced)
    {
        await PutAsync("key", 1);
        await using var entry = await FindAsync("key");
        await using var reader = entry!.Read(new ByteRange(0, 999));
        if (isReplaced)
        {
            await PutAsync("key", 2);
        }
        else
        {
            await _store.EvictAsync("bucket", "key", null, default);
        }

        var buffer = new byte[1000];
        Assert.Equal(1000, await reader.ReadAsync(buffer, default));
        Assert.Equal(Bytes(1), buffer);
        Assert.Equal(isReplaced ? Bytes(2) : null, await ReadAsync("key"));
    }

    [Theory, Trait("Rule", "S1")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_renewed_entry_says_so(bool isFileClosed)
    {
        await PutAsync("key", 1);
        await ReadAsync("key");
        await _store.DisposeAsync();
        Open(null);
        await ReadAsync("key");
        if (isFileClosed)
        {
            await PutAsync("another", 1);
            await ReadAsync("another");
        }

        _time.Advance(TimeSpan.FromHours(1));
        var now = _time.GetUtcNow();
        await using var before = await FindAsync("key");
        await _store.RenewAsync(
            "bucket", "key", before!.Info.ETag, now, before.Info with { Headers = [new("Content-Type", "text/new")] }, default);
        await using var after = await FindAsync("key");
        Assert.Equal((now, "text/new"), (after!.ValidatedAt, after.Info.Headers.Single().Value));
    }

    [Fact, Trait("Rule", "E1")]
    public async Task Reads_from_memory_count_as_uses()
    {
        await _store.DisposeAsync();
        Open(5000);
        for (var i = 0; i < 5; i++)
        {
            await PutAsync($"key{i}", i);
            await ReadAsync($"key{i}");
        }

        await _store.SaveAsync();
        await ReadAsync("key0");
        await PutAsync("more", 9);
        await _store.Evicting;
        Assert.Equal(Bytes(0), await ReadAsync("key0"));
        Assert.Null(await ReadAsync("key1"));
        Assert.Equal(5000, _store.Bytes);
    }

    [Fact, Trait("Rule", "E1")]
    public async Task Hits_that_never_pause_do_not_keep_the_cache_from_its_limit()
    {
        await _store.DisposeAsync();
        var disk = new LookedAtDisk();
        Open(5000, disk);
        await PutAsync("hot", 1);
        await ReadAsync("hot");

        // Whenever its row is written, it was used again.
        var (hits, misses) = (0, 0);
        disk.OnWrite = () => _ = _store.FindAsync("bucket", "hot", LookupHint.Bytes(null), default) is
            { IsCompletedSuccessfully: true, Result: not null } ? Interlocked.Increment(ref hits) : Interlocked.Increment(ref misses);
        try
        {
            for (var i = 0; i < 30; i++)
            {
                await PutAsync($"key{i}", i);
            }

            await _store.Evicting.WaitAsync(Patience.Limit);
        }
        finally
        {
            // Or the store could not be closed after a failure.
            disk.OnWrite = static () => { };
        }

        Assert.Equal(5000, _store.Bytes);
        Assert.InRange(hits, 30, int.MaxValue);
        Assert.Equal(0, misses);
    }

    [Fact, Trait("Rule", "E1")]
    public async Task If_all_were_used_since_their_rows_were_saved_one_of_them_goes_all_the_same()
    {
        await _store.DisposeAsync();
        var disk = new LookedAtDisk();
        Open(null, disk);
        for (var i = 0; i < 5; i++)
        {
            await PutAsync($"key{i}", i);
            await ReadAsync($"key{i}");
        }

        // A pass saves the rows, then looks at the free space.
        disk.OnLook = () =>
        {
            if (_store.Evictions > 0)
            {
                return long.MaxValue;
            }

            _time.Advance(TimeSpan.FromMilliseconds(5));
            for (var i = 0; i < 5; i++)
            {
                Assert.True(_store.FindAsync("bucket", $"key{i}", LookupHint.Bytes(null), default).IsCompletedSuccessfully);
            }

            return 0;
        };
        _time.Advance(TimeSpan.FromSeconds(10));
        await _store.Evicting;
        Assert.Equal((1, 4000), (_store.Evictions, _store.Bytes));
    }

    [Fact, Trait("Rule", "E3")]
    public async Task What_a_reader_keeps_during_an_eviction_is_forgotten_by_the_next_look()
    {
        await _store.DisposeAsync();
        var hot = new HotObjects(1 << 20);
        Open(null, hot: hot);
        await PutAsync("key", 1);
        await ReadAsync("key");
        var name = new ObjectName("bucket", "key");
        var kept = hot.Find<HotEntry>(name)!;
        await _store.EvictAsync("bucket", "key", null, default);
        Assert.Equal(0, hot.Bytes);

        // As if the reader had found it current just before.
        hot.Keep(name, kept);
        Assert.Null(await ReadAsync("key"));
        Assert.Equal(0, hot.Bytes);
    }

    [Fact, Trait("Rule", "F-damaged")]
    public async Task Damaged_bytes_are_never_kept()
    {
        await PutAsync("key", 1);
        foreach (var file in Files)
        {
            var bytes = File.ReadAllBytes(file);
            bytes[^1] ^= 1;
            File.WriteAllBytes(file, bytes);
        }

        Assert.Empty((await ReadAsync("key"))!);
        Assert.Empty((await ReadAsync("key"))!);
    }

    private void Open(long? maxBytes, StoreDisk? disk = null, HotObjects? hot = null) => _store = DiskCacheStore.Open(
        _folder["cache"], NullLogger<DiskCacheStore>.Instance, _time, maxBytes, disk ?? new StoreDisk(isDurable: false), minFree: 1,
        hot: hot ?? new HotObjects(1 << 20) { OpenFiles = 1 });

    private async Task PutAsync(string key, int version)
    {
        _time.Advance(TimeSpan.FromMilliseconds(5));
        var info = new ObjectInfo { Size = 1000, ETag = $"\"{key}-{version}\"", LastModified = DateTimeOffset.UnixEpoch };
        await using var entry = await _store.CreateAsync("bucket", key, new EntryIdentity("http://remote", "bucket", key, 0), info,
            _time.GetUtcNow(), default);
        await entry.WriteAsync(0, Bytes(version), default);
        await entry.CompleteAsync(default);
    }

    private async Task<ICacheEntry?> FindAsync(string key)
    {
        _time.Advance(TimeSpan.FromMilliseconds(5));
        return await _store.FindAsync("bucket", key, LookupHint.Bytes(null), default);
    }

    private async Task<byte[]?> ReadAsync(string key)
    {
        await using var entry = await FindAsync(key);
        return entry is null ? null : await ReadAsync(entry);
    }

    private static async Task<byte[]> ReadAsync(ICacheEntry entry)
    {
        await using var reader = entry.Read(new ByteRange(0, entry.Info.Size - 1));
        var buffer = new byte[entry.Info.Size];
        return buffer[..await reader.ReadAsync(buffer, default)];
    }

    private void DeleteFiles()
    {
        foreach (var file in Files)
        {
            File.Delete(file);
        }
    }

    private static byte[] Bytes(int version) => [.. Enumerable.Range(0, 1000).Select(i => (byte)((i * 7) + version))];

    /// <summary>A disk whose free space a test decides when it is asked for, and that reports writes.</summary>
    private sealed class LookedAtDisk() : StoreDisk(isDurable: false)
    {
        public Func<long> OnLook { get; set; } = static () => long.MaxValue;

        public Action OnWrite { get; set; } = static () => { };

        public override long? RoomOf(string folder) => OnLook();

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            base.Write(file, bytes, offset);
            OnWrite();
        }
    }
}
