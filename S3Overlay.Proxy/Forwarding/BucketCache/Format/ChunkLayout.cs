using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>How an object is split into chunks. A whole entry is one chunk, an empty object none.</summary>
internal readonly struct ChunkLayout
{
    /// <summary>More chunks would make a manifest larger than a megabyte.</summary>
    private const long Most = 1 << 22;

    /// <summary>The blocks of a larger chunk do not fit in an object's metadata.</summary>
    public const long LargestInParts = 256L << 20;

    private readonly long _chunk;

    /// <summary>The layout of an object of so many bytes.</summary>
    /// <exception cref="IOException">It would have too many chunks.</exception>
    public ChunkLayout(long size, long chunkSize)
    {
        (Size, _chunk) = (size, chunkSize == 0 ? Math.Max(size, 1) : chunkSize);
        var count = size == 0 ? 0 : ((size - 1) / _chunk) + 1;
        KeepsParts = chunkSize is > EntryFrames.BlockSize and <= LargestInParts;
        Count = count <= Most ? (int)count : throw new IOException("The chunk size is too small for an object of this size.");
    }

    /// <summary>True if a chunk may be stored in part: the object falls into chunks, and these into a few blocks.</summary>
    public bool KeepsParts { get; }

    /// <summary>The object's bytes.</summary>
    public long Size { get; }

    /// <summary>How many chunks there are.</summary>
    public int Count { get; }

    /// <summary>The chunk that holds a byte.</summary>
    public int At(long position) => (int)(position / _chunk);

    /// <summary>The bytes of a chunk.</summary>
    public ByteRange BytesOf(int chunk) => new(chunk * _chunk, Math.Min((chunk + 1) * _chunk, Size) - 1);
}
