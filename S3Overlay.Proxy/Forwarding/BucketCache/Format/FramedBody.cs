using System.Buffers;
using System.Buffers.Binary;

using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>A spooled chunk as the body of an upload: block by block, each with its seal.</summary>
internal static class FramedBody
{
    /// <summary>The body. Needs no digest: it has seals.</summary>
    public static WireBody Of(SpooledChunk spooled, Guid fill, int chunk, long length) => new(
        EntryFrames.LengthOf(length), SigV4.UnsignedPayload, (target, cancellationToken) =>
            CopyAsync(spooled, fill, chunk, length, target, cancellationToken));

    private static async Task CopyAsync(SpooledChunk spooled, Guid fill, int chunk, long length, Stream target,
        CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(EntryFrames.FrameSize);
        try
        {
            for (long position = 0, block = 0; position < length; block++)
            {
                var size = (int)Math.Min(EntryFrames.BlockSize, length - position);
                if (await spooled.ReadAsync(position, buffer.AsMemory(0, size), cancellationToken) != size)
                {
                    throw new IOException("A block of the spool is damaged.");
                }

                BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(size), EntryFrames.Seal(fill, chunk, block, buffer.AsSpan(0, size)));
                await target.WriteAsync(buffer.AsMemory(0, size + EntryFrames.SealSize), cancellationToken);
                position += size;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
