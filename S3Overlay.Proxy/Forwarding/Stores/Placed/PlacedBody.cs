using System.Buffers;
using System.Security.Cryptography;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>A copy in the spool as the plain bytes that are put under its key.</summary>
internal static class PlacedBody
{
    /// <summary>The MD5 of so many bytes, in hex: what the store's ETag of them will be.</summary>
    public static async Task<string> Md5Async(SpooledChunk? spooled, long length, CancellationToken cancellationToken)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        await ReadAsync(spooled, length, (piece, _) => { md5.AppendData(piece.Span); return ValueTask.CompletedTask; }, cancellationToken);
        return Convert.ToHexStringLower(md5.GetHashAndReset());
    }

    /// <summary>The body.</summary>
    public static WireBody Of(SpooledChunk? spooled, long length) => spooled is null ? WireBody.Of(ReadOnlyMemory<byte>.Empty) : new(
        length, SigV4.UnsignedPayload, (target, cancellationToken) => ReadAsync(spooled, length, target.WriteAsync, cancellationToken));

    private static async Task ReadAsync(
        SpooledChunk? spooled, long length, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> take,
        CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(EntryFrames.BlockSize);
        try
        {
            for (long position = 0; position < length;)
            {
                var size = (int)Math.Min(EntryFrames.BlockSize, length - position);
                if (spooled is null || await spooled.ReadAsync(position, buffer.AsMemory(0, size), cancellationToken) != size)
                {
                    throw new IOException("A block of the spool is damaged.");
                }

                await take(buffer.AsMemory(0, size), cancellationToken);
                position += size;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
