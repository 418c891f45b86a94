using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Entries of many chunks, which are in the store whole or in part, or in the spool. Each has two blocks.</summary>
public sealed class EntryChunksTests : IDisposable
{
    private const int Block = 64 << 10;
    private const int Chunk = 2 * Block;
    private const int Count = 100;

    private static readonly ObjectName Name = new("bucket", "key");

    private readonly TemporaryFolder _folder = new();
    private readonly SpoolFolder _spool;

    public EntryChunksTests() => _spool = new SpoolFolder(_folder["spool"], 1 << 30);

    public void Dispose() => _folder.Dispose();

    [Fact, Trait("Rule", "R5")]
    public void The_next_block_is_found_wherever_it_is()
    {
        var (random, held) = (new Random(1), new bool[2 * Count]);
        var (whole, parts, spooled) = (new NumberSet(Count), new Dictionary<int, ChunkBlocks>(), new List<int>());
        for (var chunk = 0; chunk < Count; chunk++)
        {
            var kind = random.Next(12);
            held[2 * chunk] = kind < 3;
            held[(2 * chunk) + 1] = kind == 0;
            switch (kind)
            {
                case 0:
                    whole.Add(chunk);
                    break;
                case 1:
                    parts.Add(chunk, First());
                    break;
                case 2:
                    spooled.Add(chunk);
                    break;
            }
        }

        var entry = New(whole, parts);
        spooled.ForEach(chunk => entry.Write((long)chunk * Chunk, new byte[Block], static _ => { }));
        for (var block = 0; block < held.Length; block++)
        {
            Assert.Equal(Array.IndexOf(held, true, block), (entry.FirstCached((long)block * Block)?.First ?? -Block) / Block);
        }
    }

    [Fact, Trait("Rule", "C1")]
    public void Of_the_spooled_chunks_only_those_that_wait_outlast_the_last_user()
    {
        var (live, entry) = (new LiveEntries(1 << 20), New(new NumberSet(Count), []));
        live.Replace(entry);
        entry.Write(0, new byte[Block], static _ => { });
        entry.Write(Chunk, new byte[10], static _ => { });
        live.Release(entry);
        Assert.Equal(Block, _spool.Used);
    }

    /// <summary>The store lost the rest between the block that completed the chunk and its upload: the block goes there alone.</summary>
    [Fact, Trait("Rule", "R5")]
    public void The_last_block_of_a_chunk_whose_rest_is_lost_is_stored()
    {
        var entry = New(new NumberSet(Count), new() { [0] = First() });
        var begins = false;
        entry.Write(Block, new byte[Block], due =>
        {
            entry.Lose(0, entry.Record.Fill);
            begins = entry.TryBeginUpload(due);
        });
        Assert.True(begins);
    }

    [Fact, Trait("Rule", "R5")]
    public void A_chunk_of_another_fill_that_cannot_be_read_is_not_lost_here()
    {
        var entry = New(new NumberSet(Count), new() { [0] = First() });
        entry.Lose(0, Guid.NewGuid());
        Assert.NotNull(entry.FirstCached(0));
        entry.Lose(0, entry.Record.Fill);
        Assert.Null(entry.FirstCached(0));
    }

    /// <summary>The file has no name; Linux shows the handles of a process as files.</summary>
    [Fact, Trait("Rule", "F")]
    public async Task A_damaged_block_of_the_spool_is_told_with_its_place()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var found = new List<long>();
        var chunks = new EntryChunks(new ChunkLayout(Count * Chunk, Chunk), new NumberSet(Count), null, _spool, found.Add);
        var chunk = chunks.ForWriting(3);
        chunk.Write(Block, new byte[Block]);
        var file = Directory.GetFiles("/proc/self/fd").Single(file =>
            new FileInfo(file).LinkTarget?.StartsWith(_folder["spool"], StringComparison.Ordinal) == true);
        using (var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            RandomAccess.Write(handle, [1], Block + 10);
        }

        Assert.Equal(0, await chunk.ReadAsync(Block, new byte[Block], default));
        Assert.Equal([(3L * Chunk) + Block], found);
        chunks.Free(3);
    }

    /// <summary>The first block of two.</summary>
    private static ChunkBlocks First()
    {
        var blocks = ChunkBlocks.SetFor(Chunk);
        blocks.Add(0);
        return ChunkBlocks.Of(Chunk, blocks);
    }

    private SharedEntry New(NumberSet whole, Dictionary<int, ChunkBlocks> parts) => new(
        new EntryRecord(Name, EntryFilling.Identity(Name.Key, Chunk), EntryFilling.Info([]) with { Size = (long)Count * Chunk },
            DateTimeOffset.UnixEpoch, Guid.NewGuid()),
        whole, isManifest: true, _spool, NullLogger.Instance, parts);
}
