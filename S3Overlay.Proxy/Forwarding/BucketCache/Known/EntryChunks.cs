using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>Where an entry's bytes are: chunks and parts of chunks in the store and in the spool. Not thread-safe.</summary>
/// <param name="layout">How the object falls into chunks.</param>
/// <param name="stored">The chunks in the store.</param>
/// <param name="parts">The chunks that are there in part; null for none.</param>
/// <param name="spool">Where new bytes go.</param>
/// <param name="foundDamaged">Called with the position of a damaged block of the spool.</param>
internal sealed class EntryChunks(
    ChunkLayout layout, NumberSet stored, IReadOnlyDictionary<int, ChunkBlocks>? parts, SpoolFolder spool, Action<long> foundDamaged)
{
    private readonly SortedList<int, SpooledChunk> _spooled = [];
    private readonly SortedList<int, ChunkBlocks> _parts = parts is null ? [] : new(parts.ToDictionary());

    /// <summary>True if the store has any.</summary>
    public bool HasStored => stored.Count > 0 || _parts.Count > 0;

    /// <summary>What is in the spool, in order.</summary>
    public IList<int> Spooled => _spooled.Keys;

    /// <summary>About how many bytes it takes to know what is in the store.</summary>
    public long Weight => (layout.Count / 8)
        + (_parts.Count * (128 + (layout.BytesOf(0).Length / EntryFrames.BlockSize / 8)));

    /// <summary>What the store has of a chunk; null for nothing.</summary>
    public ChunkBlocks? InStore(int chunk) => stored[chunk] ? ChunkBlocks.Whole(layout.BytesOf(chunk).Length)
        : _parts.GetValueOrDefault(chunk);

    /// <summary>Notes what the store has of a chunk; null for nothing.</summary>
    public void SetInStore(int chunk, ChunkBlocks? blocks)
    {
        stored.Remove(chunk);
        _parts.Remove(chunk);
        if (blocks is { IsWhole: true })
        {
            stored.Add(chunk);
        }
        else if (blocks is not null)
        {
            _parts.Add(chunk, blocks);
        }
    }

    /// <summary>Notes what the store has of all chunks.</summary>
    public void SetInStore(EntryManifest manifest)
    {
        stored = manifest.Chunks.Copy();
        _parts.Clear();
        foreach (var (chunk, blocks) in manifest.Parts)
        {
            SetInStore(chunk, blocks);
        }
    }

    /// <summary>A manifest of what the store has.</summary>
    public EntryManifest Manifest(EntryRecord record) => new(record, stored.Copy(), _parts.ToDictionary());

    /// <summary>A chunk in the spool; null where it is not there.</summary>
    public SpooledChunk? InSpool(int chunk) => _spooled.GetValueOrDefault(chunk);

    /// <summary>A spooled chunk to write to, created if needed.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public SpooledChunk ForWriting(int chunk)
    {
        if (!_spooled.TryGetValue(chunk, out var spooled))
        {
            var range = layout.BytesOf(chunk);
            _spooled.Add(chunk, spooled = new SpooledChunk(spool, range.Length, block =>
                foundDamaged(range.First + (block * EntryFrames.BlockSize))));
        }

        return spooled;
    }

    /// <summary>Gives up a chunk's place in the spool.</summary>
    public void Free(int chunk)
    {
        if (_spooled.Remove(chunk, out var spooled))
        {
            spooled.Release();
        }
    }

    /// <summary>True if the spool and the store together have all of a chunk.</summary>
    public bool IsComplete(int chunk) =>
        FirstIn(chunk, 0) is { First: 0 } run && run.Last == layout.BytesOf(chunk).Length - 1;

    /// <summary>True if the spool has a block of a chunk that the store lacks.</summary>
    public bool HasNew(int chunk) => InSpool(chunk)?.Blocks() is { } spooled
        && (InStore(chunk) is not { } there || !there.IsSame(there.With(spooled)));

    /// <summary>See <see cref="Overlay.Layers.ICacheEntry.FirstCached"/>.</summary>
    public ByteRange? FirstCached(long position)
    {
        for (var chunk = position < layout.Size ? layout.At(position)
            : layout.Count; chunk < layout.Count; chunk = NextInteresting(chunk + 1))
        {
            var bytes = layout.BytesOf(chunk);
            if (FirstIn(chunk, Math.Max(position, bytes.First) - bytes.First) is { } run)
            {
                return new ByteRange(bytes.First + run.First, EndOfRun(chunk, bytes.First + run.Last));
            }
        }

        return null;
    }

    /// <summary>The first gapless range of cached bytes of a chunk; positions are within it.</summary>
    private ByteRange? FirstIn(int chunk, long position)
    {
        var (there, here) = (InStore(chunk), InSpool(chunk));
        var (first, second) = (there?.FirstRun(position), here?.FirstCached(position));
        if (first is null || (second is { } earlier && earlier.First < first.Value.First))
        {
            (first, second) = (second, first);
        }

        while (first is { } run && second is { } next && next.First <= run.Last + 1)
        {
            first = run with { Last = Math.Max(run.Last, next.Last) };
            (second, var other) = (there?.FirstRun(first.Value.Last + 1), here?.FirstCached(first.Value.Last + 1));
            second = second is null || (other is { } better && better.First < second.Value.First) ? other : second;
        }

        return first;
    }

    /// <summary>The last byte of a gapless range that reaches to a byte of a chunk.</summary>
    private long EndOfRun(int chunk, long last)
    {
        while (last + 1 < layout.Size && last == layout.BytesOf(chunk).Last)
        {
            chunk++;
            if (stored[chunk])
            {
                chunk = stored.NextMissing(chunk) - 1;
                last = layout.BytesOf(chunk).Last;
            }
            else if (FirstIn(chunk, 0) is { First: 0 } run)
            {
                last = layout.BytesOf(chunk).First + run.Last;
            }
            else
            {
                break;
            }
        }

        return last;
    }

    private int NextInteresting(int chunk) =>
        Math.Min(stored.NextCached(chunk), Math.Min(NextOf(_spooled.Keys, chunk), NextOf(_parts.Keys, chunk)));

    /// <summary>The first of some sorted chunks at or after one; their number for none.</summary>
    private int NextOf(IList<int> chunks, int chunk)
    {
        var (low, high) = (0, chunks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = chunks[middle] < chunk ? (middle + 1, high) : (low, middle);
        }

        return low < chunks.Count ? chunks[low] : layout.Count;
    }
}
