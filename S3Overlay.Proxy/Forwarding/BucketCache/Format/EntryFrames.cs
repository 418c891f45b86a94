using System.Buffers.Binary;

using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>
/// The format of bytes in the cache bucket: blocks of 64 KiB (the last may be shorter), each followed by a four-byte seal. The seal is a
/// CRC-32C over the fill's id, the numbers of the chunk and the block, and the block's bytes. So bytes of another version or place count as
/// damaged.
/// </summary>
internal static class EntryFrames
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockSize = BlockGeometry.BlockSize;

    /// <summary>Bytes of a seal.</summary>
    public const int SealSize = 4;

    /// <summary>Bytes of a block and its seal.</summary>
    public const int FrameSize = BlockSize + SealSize;

    /// <summary>How long the object is that holds so many bytes.</summary>
    public static long LengthOf(long data) => data + ((data + BlockSize - 1) / BlockSize * SealSize);

    /// <summary>The bytes of the object that hold a range of the data, in whole blocks. May end beyond the object.</summary>
    public static ByteRange Of(ByteRange data) =>
        new(data.First / BlockSize * FrameSize, data.Last / BlockSize >= long.MaxValue / FrameSize / 2 ? long.MaxValue
            : (((data.Last / BlockSize) + 1) * FrameSize) - 1);

    /// <summary>How many bytes at the object's end hold this many bytes of data.</summary>
    public static long OfSuffix(long data) => data >= long.MaxValue / 2 ? long.MaxValue : LengthOf(data) + FrameSize;

    /// <summary>The seal of a block.</summary>
    public static uint Seal(Guid fill, long chunk, long block, ReadOnlySpan<byte> bytes)
    {
        Span<byte> place = stackalloc byte[32];
        fill.TryWriteBytes(place);
        BinaryPrimitives.WriteInt64LittleEndian(place[16..], chunk);
        BinaryPrimitives.WriteInt64LittleEndian(place[24..], block);
        return Crc32C.Append(Crc32C.Compute(place), bytes);
    }
}
