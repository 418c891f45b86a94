using System.Buffers;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// Compares a copy that became whole in several pieces with what the remote promised of the object, by reading it back from where it is
/// stored.
/// </summary>
internal static class ReadBack
{
    /// <summary>Large enough to read on, small enough to be pooled.</summary>
    private const int PieceSize = 256 * 1024;

    /// <summary>Whether all of the object is there and is right; null where some of it is not there, or no longer.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async ValueTask<bool?> IsRightAsync(ICacheEntry copy, CancellationToken cancellationToken)
    {
        var info = copy.Info;
        var all = new ByteRange(0, info.Size - 1);
        if (!CacheEntries.Covers(copy, all))
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
            await using var reader = copy.Read(all);
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
