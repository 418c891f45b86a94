using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>A set of chunks. Not thread-safe.</summary>
internal sealed class ChunkSet
{
    private readonly byte[] _bits;

    /// <summary>An empty set.</summary>
    public ChunkSet(int count) => (Capacity, _bits) = (count, new byte[(count + 7) / 8]);

    private ChunkSet(int count, byte[] bits) => (Capacity, _bits) = (count, bits);

    /// <summary>How many chunks the object has.</summary>
    public int Capacity { get; }

    /// <summary>How many of them are in the set.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a chunk is in the set.</summary>
    public bool this[int chunk] => (_bits[chunk >> 3] & (1 << (chunk & 7))) != 0;

    /// <summary>Parses <see cref="ToBytes"/>; null for another number of chunks.</summary>
    public static ChunkSet? Parse(byte[] bytes, int count)
    {
        if (bytes.Length != (count + 7) / 8 || ((count & 7) != 0 && bytes[^1] >> (count & 7) != 0))
        {
            return null;
        }

        var set = new ChunkSet(count, bytes);
        foreach (var bits in bytes)
        {
            set.Count += int.PopCount(bits);
        }

        return set;
    }

    /// <summary>One bit per chunk, the first in the lowest bit of the first byte.</summary>
    public byte[] ToBytes() => [.. _bits];

    /// <summary>Adds a chunk.</summary>
    /// <returns>Whether it was not in the set.</returns>
    public bool Add(int chunk)
    {
        var isNew = !this[chunk];
        _bits[chunk >> 3] |= (byte)(1 << (chunk & 7));
        Count += isNew ? 1 : 0;
        return isNew;
    }

    /// <summary>Takes a chunk out.</summary>
    /// <returns>Whether it was in the set.</returns>
    public bool Remove(int chunk)
    {
        var was = this[chunk];
        _bits[chunk >> 3] &= (byte)~(1 << (chunk & 7));
        Count -= was ? 1 : 0;
        return was;
    }

    /// <summary>The first chunk at or after one that is in the set; <see cref="Capacity"/> for none.</summary>
    public int NextCached(int chunk) => Next(chunk, 0);

    /// <summary>The first chunk at or after one that is not in the set; <see cref="Capacity"/> for none.</summary>
    public int NextMissing(int chunk) => Next(chunk, 0xFF);

    private int Next(int chunk, byte passedOver)
    {
        while (chunk < Capacity)
        {
            if ((chunk & 7) == 0 && _bits[chunk >> 3] == passedOver)
            {
                var skip = _bits.AsSpan(chunk >> 3).IndexOfAnyExcept(passedOver);
                chunk = skip < 0 ? Capacity : chunk + (skip * 8);
                continue;
            }

            if (this[chunk] == (passedOver == 0))
            {
                return chunk;
            }

            chunk++;
        }

        return Capacity;
    }
}

/// <summary>How an object is split into chunks. A whole entry is one chunk, an empty object none.</summary>
internal readonly struct ChunkLayout
{
    /// <summary>More chunks would make a manifest larger than a megabyte.</summary>
    private const long Most = 1 << 22;

    private readonly long _chunk;

    /// <summary>The layout of an object of so many bytes.</summary>
    /// <exception cref="IOException">It would have too many chunks.</exception>
    public ChunkLayout(long size, long chunkSize)
    {
        (Size, _chunk) = (size, chunkSize == 0 ? Math.Max(size, 1) : chunkSize);
        var count = size == 0 ? 0 : ((size - 1) / _chunk) + 1;
        Count = count <= Most ? (int)count : throw new IOException("The chunk size is too small for an object of this size.");
    }

    /// <summary>The object's bytes.</summary>
    public long Size { get; }

    /// <summary>How many chunks there are.</summary>
    public int Count { get; }

    /// <summary>The chunk that holds a byte.</summary>
    public int At(long position) => (int)(position / _chunk);

    /// <summary>The bytes of a chunk.</summary>
    public ByteRange BytesOf(int chunk) => new(chunk * _chunk, Math.Min((chunk + 1) * _chunk, Size) - 1);
}
