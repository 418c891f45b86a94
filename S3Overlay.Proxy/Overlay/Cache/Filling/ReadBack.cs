using System.Buffers;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>Verifies an entry that was filled in pieces by reading it back from the store.</summary>
internal static class ReadBack
{
    private const int PieceSize = 256 * 1024;

    /// <summary>Whether the cached bytes match what the remote promised; null if some are missing.</summary>
    public static async ValueTask<bool?> IsRightAsync(ICacheEntry entry, CancellationToken cancellationToken)
    {
        var info = entry.Info;
        var all = new ByteRange(0, info.Size - 1);
        if (!CacheEntries.Covers(entry, all))
        {
            return null;
        }

        using var hash = ExpectedDigest.Of(info);
        if (hash is null)
        {
            return true;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(info.Size, PieceSize));
        try
        {
            await using var reader = entry.Read(all);
            while (hash.Length < info.Size)
            {
                var read = await reader.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    return null;
                }

                hash.Append(buffer.AsSpan(0, read));
            }

            return hash.Matches();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
