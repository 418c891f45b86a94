using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Blocks;

/// <summary>
/// How an object's bytes fall into the blocks that each have a checksum: 64 KiB within a chunk, shorter at the end of a chunk and of the
/// object. No block reaches over a chunk's end, so that a chunk which was fetched is made of whole blocks whatever its size.
/// </summary>
internal readonly struct BlockGeometry
{
    /// <summary>The most bytes of a block.</summary>
    public const int BlockSize = 64 * 1024;

    private readonly long _chunk;
    private readonly long _blocksPerChunk;

    /// <summary>
    /// The geometry of an object of <paramref name="size"/> bytes in chunks of <paramref name="chunkSize"/>; 0 for one that is held whole.
    /// </summary>
    public BlockGeometry(long size, long chunkSize)
    {
        Size = size;
        _chunk = chunkSize == 0 ? Math.Max(size, 1) : chunkSize;
        _blocksPerChunk = ((_chunk - 1) / BlockSize) + 1;
        Blocks = size == 0 ? 0 : BlockAt(size - 1) + 1;
    }

    /// <summary>The object's bytes.</summary>
    public long Size { get; }

    /// <summary>How many blocks there are.</summary>
    public long Blocks { get; }

    /// <summary>The block that holds a byte.</summary>
    public long BlockAt(long position) => (position / _chunk * _blocksPerChunk) + (position % _chunk / BlockSize);

    /// <summary>The bytes of a block.</summary>
    public ByteRange BytesOf(long block)
    {
        var chunkStart = block / _blocksPerChunk * _chunk;
        var first = chunkStart + (block % _blocksPerChunk * BlockSize);
        var last = Math.Min(Math.Min(first + BlockSize, chunkStart + _chunk), Size) - 1;
        return new ByteRange(first, last);
    }
}
