using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Bytes from a copy to the client, in large pieces straight into its pipe.</summary>
internal static class EntrySender
{
    /// <summary>Sends held bytes, up to the first that is not, or is no longer.</summary>
    /// <returns>The position after the last byte sent.</returns>
    public static async ValueTask<long> SendHeldAsync(ICacheEntry copy, ByteRange range, S3Response answer, ChunkHits? hits,
        CancellationToken cancellationToken)
    {
        var position = range.First;
        await using var reader = copy.Read(range);
        while (position <= range.Last)
        {
            var wanted = (int)Math.Min(range.Last + 1 - position, Streaming.PieceSize);
            var memory = answer.Body.GetMemory(wanted);
            var read = await reader.ReadAsync(memory[..wanted], cancellationToken);
            if (read == 0)
            {
                return position;
            }

            answer.Advance(read);
            hits?.Sent(position, read);
            position += read;
            if (!await answer.FlushAsync(cancellationToken))
            {
                // The client is gone: nothing is left to do for it.
                return range.Last + 1;
            }
        }

        return position;
    }
}
