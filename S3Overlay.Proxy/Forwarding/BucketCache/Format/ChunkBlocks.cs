using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>
/// The blocks of a chunk that an object in the store has: all, or some. The object has their frames in order and nothing between them.
/// Immutable. Positions are within the chunk.
/// </summary>
internal sealed class ChunkBlocks
{
    private readonly NumberSet? _some;

    private ChunkBlocks(long length, NumberSet? some) => (Length, _some) = (length, some);

    /// <summary>The chunk's bytes, cached or not.</summary>
    public long Length { get; }

    /// <summary>True if the object has all blocks.</summary>
    public bool IsWhole => _some is null;

    /// <summary>How many bytes of the chunk the object has.</summary>
    public long Bytes => _some is null ? Length : BytesOf(_some.Count, _some.Count > 0 && _some[_some.Capacity - 1]);

    /// <summary>How long the object is.</summary>
    public long ObjectLength => EntryFrames.LengthOf(Bytes);

    /// <summary>All blocks of a chunk of so many bytes.</summary>
    public static ChunkBlocks Whole(long length) => new(length, null);

    /// <summary>Some blocks. Takes over the set.</summary>
    public static ChunkBlocks Of(long length, NumberSet blocks) => new(length, blocks.Count == blocks.Capacity ? null : blocks);

    /// <summary>An empty set for the blocks of a chunk.</summary>
    public static NumberSet SetFor(long length) => new((int)((length + EntryFrames.BlockSize - 1) / EntryFrames.BlockSize));

    /// <summary>Parses <see cref="ToString"/>.</summary>
    /// <exception cref="InvalidDataException">It is not of a chunk of this length.</exception>
    public static ChunkBlocks Parse(string text, long length)
    {
        var bytes = new byte[text.Length];
        return length <= ChunkLayout.LargestInParts && Convert.TryFromBase64String(text, bytes, out var count)
            && NumberSet.Parse(bytes[..count], SetFor(length).Capacity) is { Count: > 0 } some
            ? Of(length, some) : throw new InvalidDataException("its blocks are not those of its chunk");
    }

    /// <summary>One bit per block in base64, the first in the lowest bit of the first byte.</summary>
    public override string ToString() => Convert.ToBase64String((_some ?? All()).ToBytes());

    /// <summary>True if another object has the same blocks.</summary>
    public bool IsSame(ChunkBlocks other) => Length == other.Length && (_some is null || other._some is null ? IsWhole == other.IsWhole
        : _some.ToBytes().AsSpan().SequenceEqual(other._some.ToBytes()));

    /// <summary>The blocks that either has.</summary>
    public ChunkBlocks With(ChunkBlocks other)
    {
        if (_some is null || other._some is null)
        {
            return Whole(Length);
        }

        var both = _some.Copy();
        for (var block = other._some.NextCached(0); block < both.Capacity; block = other._some.NextCached(block + 1))
        {
            both.Add(block);
        }

        return Of(Length, both);
    }

    /// <summary>The first gapless range of bytes at or after a position; null for none.</summary>
    public ByteRange? FirstRun(long position)
    {
        if (position >= Length)
        {
            return null;
        }

        if (_some is null)
        {
            return new ByteRange(position, Length - 1);
        }

        var first = _some.NextCached((int)(position / EntryFrames.BlockSize));
        return first == _some.Capacity ? null : new ByteRange(Math.Max(position, (long)first * EntryFrames.BlockSize),
            Math.Min(Length, (long)_some.NextMissing(first) * EntryFrames.BlockSize) - 1);
    }

    /// <summary>The bytes of the object that hold a run, in whole frames.</summary>
    public ByteRange FramesOf(ByteRange run)
    {
        var last = run.Last / EntryFrames.BlockSize;
        return new ByteRange(FrameOf(run.First / EntryFrames.BlockSize) * EntryFrames.FrameSize,
            (FrameOf(last) * EntryFrames.FrameSize) + SizeOf(last) + EntryFrames.SealSize - 1);
    }

    /// <summary>The block of a frame of the object; the number of blocks if it has fewer.</summary>
    public long BlockOf(long frame)
    {
        if (_some is null)
        {
            return frame;
        }

        var block = _some.NextCached(0);
        for (; frame > 0 && block < _some.Capacity; frame--)
        {
            block = _some.NextCached(block + 1);
        }

        return block;
    }

    /// <summary>The first block at or after one that the object has; at least the number of blocks for none.</summary>
    public long Next(long block) => _some is null ? block : block < _some.Capacity ? _some.NextCached((int)block) : block;

    /// <summary>Bytes of a block.</summary>
    public int SizeOf(long block) => (int)Math.Min(EntryFrames.BlockSize, Length - (block * EntryFrames.BlockSize));

    private long FrameOf(long block) => _some?.CountBelow((int)block) ?? block;

    private long BytesOf(long blocks, bool hasLast) =>
        (blocks * EntryFrames.BlockSize) - (hasLast ? EntryFrames.BlockSize - SizeOf(_some!.Capacity - 1) : 0);

    private NumberSet All()
    {
        var all = SetFor(Length);
        for (var block = 0; block < all.Capacity; block++)
        {
            all.Add(block);
        }

        return all;
    }
}
