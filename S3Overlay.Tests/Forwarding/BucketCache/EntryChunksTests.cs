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
                    var first = ChunkBlocks.SetFor(Chunk);
                    first.Add(0);
                    parts.Add(chunk, ChunkBlocks.Of(Chunk, first));
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

    private SharedEntry New(NumberSet whole, Dictionary<int, ChunkBlocks> parts) => new(
        new EntryRecord(Name, EntryFilling.Identity(Name.Key, Chunk), EntryFilling.Info([]) with { Size = (long)Count * Chunk },
            DateTimeOffset.UnixEpoch, Guid.NewGuid()),
        whole, isManifest: true, _spool, NullLogger.Instance, parts);
}
