using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Embedded.Cache;

public sealed class DiskCacheStoreTests : ReaderTestBase
{
    private string[] Files => Directory.GetFiles(Folder["cache/files"], "*.held", SearchOption.AllDirectories);

    [Fact]
    [Trait("Rule", "C2")]
    public async Task A_partly_filled_entry_is_never_taken_for_a_whole_one_after_a_restart()
    {
        var bytes = Bytes(200_000);
        Remote.Put("key", bytes);
        foreach (var held in (int[])[0, 1, 65_535, 65_536, 65_537, 131_072, 199_999])
        {
            var identity = new EntryIdentity(Remote.Endpoint, "remote-bucket", "key", 0);
            await using (var copy = await Store.CreateAsync(Bucket, "key", identity, Remote.Put("key", bytes), default))
            {
                await copy.WriteAsync(0, bytes.AsMemory(0, held), default);
            }

            await ReopenAsync();
            await using (var copy = await Store.FindAsync(Bucket, "key", default))
            {
                Assert.Equal(held / 65_536 * 65_536, (copy!.FirstCached(0)?.Last ?? -1) + 1);
            }

            Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
            await QuietAsync();
            await Store.EvictAsync(Bucket, "key", null, default);
        }
    }

    /// <summary>
    /// The header has room up to the next multiple of 4096. The entry is kept without the checksums that do not fit there.
    /// </summary>
    [Fact]
    [Trait("Rule", "T1")]
    public async Task Checksums_without_room_are_dropped_and_the_entry_stays()
    {
        var bytes = Bytes(1000);
        var identity = new EntryIdentity(Remote.Endpoint, Remote.Bucket.Name, "key", 0);
        ObjectInfo Padded(int length) => Remote.Put(
            "key", bytes, headers: [new("x-amz-meta-long", new string('x', length))], checksum: new(ChecksumAlgorithm.Crc32, "AAAAAA=="));
        var room = 4096 - new CacheFileHeader(Bucket, "key", identity, Padded(3500).WithoutChecksums(), Time.GetUtcNow()).ToBytes().Length;
        Padded(3500 + room);
        await ReadAsync("key", "bytes=5-9");
        await QuietAsync();
        Remote.Gets.Clear();
        for (var i = 0; i < 3; i++)
        {
            var response = await ReadAsync(Request("key", headers: ("x-amz-checksum-mode", "ENABLED")));
            Assert.Equal((bytes.Length, "HIT"), (response.Bytes.Length, response.Headers["x-cache"].ToString()));
            Assert.Equal(i == 0 ? "AAAAAA==" : "", response.Headers["x-amz-checksum-crc32"].ToString());
            await ReopenAsync();
        }

        Assert.Single(Remote.Heads);
        Assert.Empty(Remote.Gets);
    }

    /// <summary>The blocks end at 65,536 and at 100,000 of each chunk. A write brings more of them than are recorded at once.</summary>
    [Fact]
    [Trait("Rule", "R5")]
    public async Task A_write_of_many_blocks_leaves_what_is_cached_as_it_is()
    {
        var (brought, first) = (Bytes(2_000_000), new byte[2_000_000]);
        var bytes = brought.ToArray();
        var identity = new EntryIdentity(Remote.Endpoint, "remote-bucket", "key", 100_000);
        await using (var copy = await Store.CreateAsync(Bucket, "key", identity, Remote.Put("key", brought), default))
        {
            foreach (var (from, to) in ((int, int)[])[(165_536, 200_000), (310_000, 320_000), (1_900_000, 1_965_536)])
            {
                await copy!.WriteAsync(from, first.AsMemory(from..to), default);
                first.AsSpan(from..to).CopyTo(bytes.AsSpan(from));
            }

            await copy!.WriteAsync(100, brought.AsMemory(100), default);
            await copy.WriteAsync(0, brought.AsMemory(0, 100), default);
        }

        await ReopenAsync();
        await using var found = await Store.FindAsync(Bucket, "key", default);
        Assert.Equal(new ByteRange(0, 1_999_999), found!.FirstCached(0));
        var read = new byte[bytes.Length];
        await using var reader = found.Read(new(0, bytes.Length - 1));
        for (var length = 0; length < read.Length;)
        {
            length += await reader.ReadAsync(read.AsMemory(length), default) is > 0 and var some ? some : throw new EndOfStreamException();
        }

        Assert.Equal(bytes, read);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Blocks_survive_a_restart()
    {
        Settings = Settings with { ChunkThreshold = 100, ChunkSize = 70_000 };
        var bytes = Bytes(300_000);
        Remote.Put("key", bytes);
        await ReadAsync("key", "bytes=150000-150001");
        await QuietAsync();
        await ReopenAsync();
        var given = Remote.Bytes;
        var response = await ReadAsync("key", "bytes=140000-205535");
        Assert.Equal("HIT", response.Headers["x-cache"].ToString());
        Assert.Equal(bytes[140_000..205_536], response.Bytes);
        Assert.Equal(given, Remote.Bytes);
        Assert.Equal(bytes[140_000..210_000], (await ReadAsync("key", "bytes=140000-209999")).Bytes);
        Assert.Equal(given + 4464, Remote.Bytes);
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_flipped_byte_anywhere_in_the_file_never_reaches_a_client()
    {
        Settings = Settings with { ChunkThreshold = 16, ChunkSize = 8 };
        var bytes = Bytes(40);
        Remote.Put("key", bytes);
        await ReadAsync("key");
        await QuietAsync();
        var length = new FileInfo(Assert.Single(Files)).Length;
        Assert.Equal(8192 + 40, length);
        foreach (var at in Sweep.Of<int>([.. Enumerable.Range(0, 300), .. Enumerable.Range(4090, 40), .. Enumerable.Range(8180, 52)], 40))
        {
            await ReopenAsync(() =>
            {
                using var file = File.Open(Assert.Single(Files), FileMode.Open);
                file.Position = at;
                var octet = file.ReadByte();
                file.Position = at;
                file.WriteByte((byte)(octet ^ 0x10));
            });
            var response = await ReadAsync("key");
            Assert.Equal(200, response.Status);
            Assert.False(response.IsAborted);
            Assert.Equal(bytes, response.Bytes);
            Assert.Equal("blue", response.Headers["x-amz-meta-color"].ToString());
            await QuietAsync();
        }
    }

    /// <summary>Locks cost two system calls for each opening, and nothing looks at them.</summary>
    [Fact]
    public async Task An_entry_that_is_open_for_a_read_has_no_lock()
    {
        Remote.Put("key", Bytes(100_000));
        await ReadAsync("key");
        await QuietAsync();
        await ReopenAsync();
        Assert.Equal("HIT", (await ReadAsync("key")).Headers["x-cache"].ToString());
        if (DiskReader.CanOpenCached)
        {
            File.Open(Assert.Single(Files), FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
        }
    }

    [Fact]
    public async Task A_file_deleted_by_hand_is_not_cached()
    {
        var bytes = Bytes(1000);
        Remote.Put("key", bytes);
        await ReadAsync("key");
        await QuietAsync();
        File.Delete(Assert.Single(Files));
        Assert.Equal("MISS", (await ReadAsync("key")).Headers["x-cache"].ToString());
        await QuietAsync();
        Assert.Equal("HIT", (await ReadAsync("key")).Headers["x-cache"].ToString());
        await ReopenAsync(() => Directory.Delete(Folder["cache/files"], recursive: true));
        Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
    }

    /// <summary>The entries' files say what they are.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lost_or_damaged_database_is_made_again_from_the_files(bool isDamaged)
    {
        var bytes = Bytes(1000);
        Remote.Put("key", bytes);
        await ReadAsync("key");
        await QuietAsync();
        await ReopenAsync(() => File.WriteAllBytes(Folder["cache/cache.db"], isDamaged ? Bytes(20_000) : []));
        await ((DiskCacheStore)Store).Cleaning;
        var given = Remote.Bytes;
        Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
        Assert.Equal(given, Remote.Bytes);
        Assert.Equal(1000, ((DiskCacheStore)Store).Bytes);
        await QuietAsync();
        await ReopenAsync();
        await ((DiskCacheStore)Store).Cleaning;
        Assert.Single(Files);
        Assert.Equal("HIT", (await ReadAsync("key")).Headers["x-cache"].ToString());
    }

    [Fact]
    [Trait("Rule", "T2")]
    public async Task Held_keys_are_listed_in_utf8_order()
    {
        string[] keys = ["a", "a/b", "a\uFFFD", "a\U0001F600", "b"];
        foreach (var key in keys)
        {
            Remote.Put(key, Bytes(10));
            await ReadAsync(key);
        }

        await QuietAsync();
        Assert.Equal(keys, await RowsAsync("", ""));
        Assert.Equal(["a/b", "a\uFFFD", "a\U0001F600"], await RowsAsync("a", "a"));
        Assert.Equal(["b"], await RowsAsync("b", "a"));
        Assert.Empty(await RowsAsync("b", "b"));
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Bytes_of_another_remote_or_chunk_size_are_not_used()
    {
        Remote.Put("key", Bytes(40));
        await ReadAsync("key");
        await QuietAsync();
        Settings = Settings with { ChunkThreshold = 8, ChunkSize = 8 };
        await ReopenAsync();
        Assert.Equal("MISS", (await ReadAsync("key")).Headers["x-cache"].ToString());
    }

    private async Task<List<string>> RowsAsync(string prefix, string after)
    {
        var keys = new List<string>();
        await foreach (var row in Store.ListAsync(Bucket, prefix, after, default))
        {
            keys.Add(row.Key);
        }

        return keys;
    }
}
