using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Memory;

/// <summary>Small entries are readable before they have a file, and get one behind their readers (rule C1).</summary>
[Trait("Rule", "C1")]
public sealed partial class DraftTests : IAsyncLifetime
{
    private const int Size = 1000;

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly GatedDisk _disk = new();
    private DiskCacheStore _store = null!;

    private string[] Files => Directory.Exists(_folder["cache/files"]) ? Directory
        .GetFiles(_folder["cache/files"], "*.held", SearchOption.AllDirectories) : [];

    public Task InitializeAsync()
    {
        Open();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _disk.Open();
        await _store.DisposeAsync();
        _folder.Dispose();
        _disk.Dispose();
    }

    [Fact]
    public async Task It_is_readable_while_the_disk_is_stuck_and_has_its_file_after_that()
    {
        _disk.Close();
        await PutAsync("key", 1);
        Assert.Equal(Bytes(1), await ReadAsync("key"));
        Assert.Equal(Size, _store.Bytes);
        _disk.Open();
        await RestartAsync();
        Assert.Equal(Bytes(1), await ReadAsync("key"));
        Assert.Equal((Size, 1), (_store.Bytes, Files.Length));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(HotObjects.Largest + 1)]
    public async Task Empty_and_larger_ones_have_files_from_the_start(int size)
    {
        await using var entry = await CreateAsync("key", 1, size);
        Assert.Single(Files);
    }

    [Fact, Trait("Rule", "E3")]
    public async Task An_evicted_one_never_gets_a_file_and_its_users_keep_it()
    {
        await using var entry = await CreateAsync("key", 1);
        await entry.WriteAsync(0, Bytes(1)[..600], default);
        await _store.EvictAsync("bucket", "key", null, default);
        Assert.False(entry.IsCurrent);
        Assert.Null(await ReadAsync("key"));
        await entry.WriteAsync(600, Bytes(1)[600..], default);
        await entry.CompleteAsync(default);
        Assert.Equal(Bytes(1), await ReadAsync(entry));
        await entry.DisposeAsync();
        await RestartAsync();
        Assert.Null(await ReadAsync("key"));
        Assert.Empty(Files);
    }

    [Fact, Trait("Rule", "E3")]
    public async Task One_that_is_evicted_while_its_file_is_written_is_gone()
    {
        _disk.Close();
        await PutAsync("key", 1);
        await _disk.Waiting(1);
        var evicting = _store.EvictAsync("bucket", "key", null, default).AsTask();
        Assert.Null(await ReadAsync("key"));
        _disk.Open();
        await evicting.WaitAsync(Patience.Limit);
        Assert.Null(await ReadAsync("key"));
        await RestartAsync();
        Assert.Null(await ReadAsync("key"));
        Assert.Empty(Files);
    }

    [Fact, Trait("Rule", "E1")]
    public async Task A_use_while_its_file_is_written_counts()
    {
        _disk.Close();
        await PutAsync("key", 1);
        await _disk.Waiting(1);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Bytes(1), await ReadAsync("key"));
        _disk.Open();
        var usage = Assert.Single(await _store.ListUsagesAsync("bucket", "", "", default).ToListAsync());
        Assert.Equal(_time.GetUtcNow(), usage.Used);
    }

    [Fact, Trait("Rule", "E3")]
    public async Task Each_eviction_waits_for_the_file_that_is_written()
    {
        _disk.Close();
        await PutAsync("key", 1);
        await _disk.Waiting(1);
        var first = _store.EvictAsync("bucket", "key", null, default).AsTask();
        var second = _store.EvictAsync("bucket", "key", null, default).AsTask();
        Assert.False(second.IsCompleted);
        _disk.Open();
        await Task.WhenAll(first, second).WaitAsync(Patience.Limit);
        Assert.Null(await ReadAsync("key"));
    }

    [Fact, Trait("Rule", "T2")]
    public async Task A_listing_waits_for_those_it_lists_alone_and_can_be_cancelled()
    {
        _disk.Close();
        await PutAsync("key", 1);
        Assert.Empty(await KeysAsync("another"));
        using var left = new CancellationTokenSource();
        var listing = KeysAsync("bucket", left.Token);
        await _disk.Waiting(1);
        Assert.False(listing.IsCompleted);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listing.WaitAsync(Patience.Limit));
    }

    [Fact]
    public async Task A_failure_that_is_not_of_the_disk_costs_one_and_not_those_after_it()
    {
        _disk.Fails = true;
        await PutAsync("lost", 1);
        await KeysAsync();
        _disk.Fails = false;
        await PutAsync("key", 2);
        await RestartAsync();
        Assert.Equal(["key"], await KeysAsync());
        Assert.Equal(Bytes(2), await ReadAsync("key"));
    }

    [Fact, Trait("Rule", "T2")]
    public async Task A_listing_has_it_whether_it_is_complete_or_not()
    {
        await PutAsync("complete", 1);
        await using var entry = await CreateAsync("begun", 2);
        await entry.WriteAsync(0, Bytes(2)[..600], default);
        Assert.Equal(["begun", "complete"], await KeysAsync());

        // It has a file by now, and what comes goes there too.
        await entry.WriteAsync(600, Bytes(2)[600..], default);
        await entry.CompleteAsync(default);
        Assert.True(entry.IsCurrent);
        await RestartAsync();
        Assert.Equal(Bytes(2), await ReadAsync("begun"));
    }

    [Fact, Trait("Rule", "R3")]
    public async Task A_listing_that_waits_for_its_file_delays_no_reader_of_what_comes_meanwhile()
    {
        await using var entry = await CreateAsync("key", 1);
        await entry.WriteAsync(0, Bytes(1)[..300], default);
        _disk.Close();
        var listing = KeysAsync();
        await _disk.Waiting(1);
        await entry.WriteAsync(300, Bytes(1)[300..600], default).AsTask().WaitAsync(Patience.Limit);
        Assert.Equal(Bytes(1)[..600], await ReadAsync(entry));
        _disk.Open();
        Assert.Equal(["key"], await listing.WaitAsync(Patience.Limit));
        await entry.WriteAsync(600, Bytes(1)[600..], default);
        await entry.CompleteAsync(default);
        Assert.True(entry.IsCurrent);
        await RestartAsync();
        Assert.Equal(Bytes(1), await ReadAsync("key"));
    }

    [Fact, Trait("Rule", "R7")]
    public async Task Pieces_in_any_order_make_it_whole_and_a_reader_gets_what_is_there()
    {
        await using var entry = await CreateAsync("key", 1);
        await entry.WriteAsync(700, Bytes(1)[700..], default);
        Assert.Equal((700, 999), Run(entry.FirstCached(0)));
        Assert.Empty(await ReadAsync(entry));
        await entry.WriteAsync(0, Bytes(1)[..300], default);
        Assert.Equal((100, 299), Run(entry.FirstCached(100)));
        Assert.Equal(Bytes(1)[..300], await ReadAsync(entry));

        // Bytes that are there stay as they are.
        await entry.WriteAsync(200, (byte[])[.. new byte[100], .. Bytes(1)[300..700]], default);
        Assert.Equal(Bytes(1), await ReadAsync(entry));
        await entry.DisposeAsync();
        await RestartAsync();
        Assert.Equal(Bytes(1), await ReadAsync("key"));
    }

    [Fact]
    public async Task An_incomplete_one_keeps_its_bytes_when_its_last_user_leaves()
    {
        await using (var entry = await CreateAsync("key", 1))
        {
            await entry.WriteAsync(700, Bytes(1)[700..], default);
        }

        await KeysAsync();
        await using var again = await FindAsync("key");
        Assert.Equal((700, 999), Run(again!.FirstCached(0)));
        await again.WriteAsync(0, Bytes(1)[..700], default);
        Assert.Equal(Bytes(1), await ReadAsync(again));
    }

    [Fact, Trait("Rule", "C4")]
    public async Task A_later_version_replaces_it()
    {
        _disk.Close();
        await PutAsync("key", 1);
        await _disk.Waiting(1);
        var later = PutAsync("key", 2);
        _disk.Open();
        await later;
        Assert.Equal(Bytes(2), await ReadAsync("key"));
        await RestartAsync();
        Assert.Equal(Bytes(2), await ReadAsync("key"));
        Assert.Equal((Size, 1), (_store.Bytes, Files.Length));
    }

    [Fact, Trait("Rule", "S1")]
    public async Task A_renewal_is_not_lost()
    {
        await PutAsync("key", 1);
        _time.Advance(TimeSpan.FromHours(1));
        var now = _time.GetUtcNow();
        await _store.RenewAsync("bucket", "key", "\"key-1\"", now, null, default);
        await using (var entry = await FindAsync("key"))
        {
            Assert.Equal(now, entry!.ValidatedAt);
        }

        await RestartAsync();
        await using var after = await FindAsync("key");
        Assert.Equal(now, after!.ValidatedAt);
    }

    [Fact, Trait("Rule", "F-full")]
    public async Task On_a_full_disk_its_users_keep_it_and_it_is_not_cached()
    {
        await using var entry = await CreateAsync("key", 1);
        await entry.WriteAsync(0, Bytes(1), default);
        _disk.HasNoRoom = true;
        await entry.CompleteAsync(default);
        await KeysAsync();
        Assert.Equal(Bytes(1), await ReadAsync(entry));
        Assert.False(entry.IsCurrent);
        Assert.Null(await ReadAsync("key"));
        Assert.Empty(Files);
        Assert.Equal(0, _store.Bytes);
    }

    [Fact, Trait("Rule", "P1")]
    public async Task Writes_know_its_version()
    {
        _disk.Close();
        await PutAsync("key", 1);
        Assert.Equal("\"key-1\"", (await _store.KnownVersionAsync("bucket", "key", default))!.ETag);
    }

    [Fact, Trait("Rule", "E3")]
    public async Task Among_creates_evictions_and_listings_no_version_is_mixed_and_no_evicted_one_returns()
    {
        var version = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(key => Task.Run(async () =>
        {
            var random = new Random(key);
            var mine = -1;
            for (var i = 0; i < 300; i++)
            {
                switch (random.Next(5))
                {
                    case 0:
                        await _store.EvictAsync("bucket", $"key{key}", null, default);
                        mine = -1;
                        Assert.Null(await ReadAsync($"key{key}"));
                        break;
                    case 1:
                        await KeysAsync();
                        break;
                    case 2:
                        mine = Interlocked.Increment(ref version) % 200;
                        await using (var entry = await CreateAsync($"key{key}", mine))
                        {
                            await entry.WriteAsync(0, Bytes(mine)[..400], default);
                            if (random.Next(2) == 0)
                            {
                                await Task.Yield();
                            }

                            await entry.WriteAsync(400, Bytes(mine)[400..], default);
                            await entry.CompleteAsync(default);
                        }

                        break;
                    default:
                        Assert.Equal(mine < 0 ? null : Bytes(mine), await ReadAsync($"key{key}"));
                        break;
                }
            }
        })));
        await RestartAsync();
        Assert.Equal(Files.Length * Size, _store.Bytes);
        Assert.Equal(Files.Length, (await KeysAsync()).Count);
    }

    private void Open() => _store = DiskCacheStore.Open(_folder["cache"], NullLogger<DiskCacheStore>.Instance, _time, null, _disk,
        hot: new HotObjects(1 << 20), unwritten: Limit);

    private async Task RestartAsync()
    {
        await _store.DisposeAsync();
        Open();
        await _store.Cleaning;
    }

    private async Task PutAsync(string key, int version)
    {
        await using var entry = await CreateAsync(key, version);
        await entry.WriteAsync(0, Bytes(version), default);
        await entry.CompleteAsync(default);
    }

    private async Task<ICacheEntry> CreateAsync(string key, int version, int size = Size) => await _store.CreateAsync(
        "bucket", key, new EntryIdentity("http://remote", "bucket", key, 0),
        new ObjectInfo { Size = size, ETag = $"\"{key}-{version}\"", LastModified = DateTimeOffset.UnixEpoch }, _time.GetUtcNow(), default);

    private ValueTask<ICacheEntry?> FindAsync(string key) => _store.FindAsync("bucket", key, LookupHint.Bytes(null), default);

    private async Task<byte[]?> ReadAsync(string key)
    {
        await using var entry = await FindAsync(key);
        return entry is null ? null : await ReadAsync(entry);
    }

    private static async Task<byte[]> ReadAsync(ICacheEntry entry)
    {
        await using var reader = entry.Read(new ByteRange(0, Size - 1));
        var buffer = new byte[Size];
        var end = 0;
        while (await reader.ReadAsync(buffer.AsMemory(end), default) is var read && read > 0)
        {
            end += read;
        }

        return buffer[..end];
    }

    private async Task<List<string>> KeysAsync(string bucket = "bucket", CancellationToken cancellationToken = default)
    {
        var keys = new List<string>();
        await foreach (var row in _store.ListAsync(bucket, "", "", cancellationToken))
        {
            keys.Add(row.Key);
        }

        return keys;
    }

    private static (long First, long Last) Run(ByteRange? range) => (range!.Value.First, range.Value.Last);

    private static byte[] Bytes(int version) => [.. Enumerable.Range(0, Size).Select(i => (byte)((i * 7) + version))];
}
