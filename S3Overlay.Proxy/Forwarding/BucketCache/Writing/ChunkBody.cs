using System.Buffers;
using System.Buffers.Binary;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>Bodies of uploads from the spool.</summary>
internal static class ChunkBody
{
    /// <summary>Blocks of a spooled chunk as the body of an upload. Needs no digest: it has seals.</summary>
    public static WireBody Of(SpooledChunk spooled, Guid fill, int chunk, ChunkBlocks blocks) => new(
        blocks.ObjectLength, SigV4.UnsignedPayload, (target, cancellationToken) =>
            CopyAsync(spooled, fill, chunk, blocks, target, cancellationToken));

    private static async Task CopyAsync(SpooledChunk spooled, Guid fill, int chunk, ChunkBlocks blocks, Stream target,
        CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(EntryFrames.FrameSize);
        try
        {
            for (var block = blocks.Next(0); block * EntryFrames.BlockSize < blocks.Length; block = blocks.Next(block + 1))
            {
                var size = blocks.SizeOf(block);
                if (await spooled.ReadAsync(block * EntryFrames.BlockSize, buffer.AsMemory(0, size), cancellationToken) != size)
                {
                    throw new IOException("A block of the spool is damaged.");
                }

                BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(size), EntryFrames.Seal(fill, chunk, block, buffer.AsSpan(0, size)));
                await target.WriteAsync(buffer.AsMemory(0, size + EntryFrames.SealSize), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
