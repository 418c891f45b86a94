using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>Where an entry's bytes are: chunks in the store and chunks in the spool. Not thread-safe.</summary>
/// <param name="layout">How the object falls into chunks.</param>
/// <param name="stored">What the store has.</param>
/// <param name="spool">Where new bytes go.</param>
/// <param name="foundDamaged">Called with the position of a damaged block of the spool.</param>
internal sealed class EntryChunks(ChunkLayout layout, ChunkSet stored, SpoolFolder spool, Action<long> foundDamaged)
{
    private readonly SortedDictionary<int, SpooledChunk> _spooled = [];

    /// <summary>What the store has.</summary>
    public ChunkSet Stored { get; set; } = stored;

    /// <summary>What is in the spool, in order.</summary>
    public IReadOnlyCollection<int> Spooled => _spooled.Keys;

    /// <summary>A chunk in the spool; null where it is not there.</summary>
    public SpooledChunk? InSpool(int chunk) => _spooled.GetValueOrDefault(chunk);

    /// <summary>A spooled chunk to write to, created if needed; null if the store has the chunk.</summary>
    /// <exception cref="IOException">There is no room for it.</exception>
    public SpooledChunk? ForWriting(int chunk)
    {
        if (Stored[chunk])
        {
            return null;
        }

        if (!_spooled.TryGetValue(chunk, out var spooled))
        {
            var range = layout.BytesOf(chunk);
            _spooled.Add(chunk, spooled = new SpooledChunk(spool, range.Length, position => foundDamaged(range.First + position)));
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

    /// <summary>See <see cref="Overlay.Layers.ICacheEntry.FirstCached"/>.</summary>
    public ByteRange? FirstCached(long position)
    {
        for (var chunk = position < layout.Size ? layout.At(position)
            : layout.Count; chunk < layout.Count; chunk = NextInteresting(chunk + 1))
        {
            var bytes = layout.BytesOf(chunk);
            var start = Math.Max(position, bytes.First);
            if (Stored[chunk])
            {
                return new ByteRange(start, EndOfRun(start) - 1);
            }

            if (_spooled.TryGetValue(chunk, out var spooled) && spooled.FirstCached(start - bytes.First) is { } cached)
            {
                start = bytes.First + cached.First;
                return new ByteRange(start, EndOfRun(start) - 1);
            }
        }

        return null;
    }

    private int NextInteresting(int chunk)
    {
        var next = Stored.NextCached(chunk);
        foreach (var spooled in _spooled.Keys)
        {
            if (spooled >= chunk)
            {
                return Math.Min(next, spooled);
            }
        }

        return next;
    }

    /// <summary>The first byte after <paramref name="position"/> that is not cached.</summary>
    private long EndOfRun(long position)
    {
        while (position < layout.Size)
        {
            var chunk = layout.At(position);
            var bytes = layout.BytesOf(chunk);
            if (Stored[chunk])
            {
                position = layout.BytesOf(Stored.NextMissing(chunk) - 1).Last + 1;
            }
            else if (_spooled.TryGetValue(chunk, out var spooled) && spooled.FirstCached(position - bytes.First) is { } cached
                && bytes.First + cached.First == position)
            {
                position = bytes.First + cached.Last + 1;
            }
            else
            {
                break;
            }
        }

        return position;
    }
}
