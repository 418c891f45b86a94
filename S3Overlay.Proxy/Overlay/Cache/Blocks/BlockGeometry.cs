using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Blocks;

/// <summary>
/// Maps an object's bytes to the blocks that carry a checksum: 64 KiB each, shorter at the end of a chunk and of the object. No block
/// crosses a chunk's end, so a filled chunk consists of whole blocks.
/// </summary>
internal readonly struct BlockGeometry
{
    /// <summary>Maximum bytes per block.</summary>
    public const int BlockSize = 64 * 1024;

    private readonly long _chunk;
    private readonly long _blocksPerChunk;

    /// <summary>
    /// The geometry of an object of <paramref name="size"/> bytes in chunks of <paramref name="chunkSize"/>; 0 if cached whole.
    /// </summary>
    public BlockGeometry(long size, long chunkSize)
    {
        Size = size;
        _chunk = chunkSize == 0 ? Math.Max(size, 1) : chunkSize;
        _blocksPerChunk = ((_chunk - 1) / BlockSize) + 1;
        Blocks = size == 0 ? 0 : BlockAt(size - 1) + 1;
    }

    public long Size { get; }

    public long Blocks { get; }

    /// <summary>The block that contains a byte.</summary>
    public long BlockAt(long position) => (position / _chunk * _blocksPerChunk) + (position % _chunk / BlockSize);

    /// <summary>The whole blocks that a range touches.</summary>
    public ByteRange Around(ByteRange range) => new(BytesOf(BlockAt(range.First)).First, BytesOf(BlockAt(range.Last)).Last);

    public ByteRange BytesOf(long block)
    {
        var chunkStart = block / _blocksPerChunk * _chunk;
        var first = chunkStart + (block % _blocksPerChunk * BlockSize);
        var last = Math.Min(Math.Min(first + BlockSize, chunkStart + _chunk), Size) - 1;
        return new ByteRange(first, last);
    }
}
