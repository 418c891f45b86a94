using System.Buffers;
using System.Buffers.Binary;

using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Protocol.Authentication;
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

    /// <summary>Blocks of a spooled chunk as the body of an upload. Needs no digest: it has seals.</summary>
    public static WireBody BodyOf(SpooledChunk spooled, Guid fill, int chunk, ChunkBlocks blocks) => new(
        blocks.ObjectLength, SigV4.UnsignedPayload, (target, cancellationToken) =>
            CopyAsync(spooled, fill, chunk, blocks, target, cancellationToken));

    private static async Task CopyAsync(SpooledChunk spooled, Guid fill, int chunk, ChunkBlocks blocks, Stream target,
        CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FrameSize);
        try
        {
            for (var block = blocks.Next(0); block * BlockSize < blocks.Length; block = blocks.Next(block + 1))
            {
                var size = blocks.SizeOf(block);
                if (await spooled.ReadAsync(block * BlockSize, buffer.AsMemory(0, size), cancellationToken) != size)
                {
                    throw new IOException("A block of the spool is damaged.");
                }

                BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(size), Seal(fill, chunk, block, buffer.AsSpan(0, size)));
                await target.WriteAsync(buffer.AsMemory(0, size + SealSize), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
