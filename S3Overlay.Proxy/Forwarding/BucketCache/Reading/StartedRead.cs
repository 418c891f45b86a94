using S3Overlay.Proxy.Forwarding.BucketCache.Format;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>A read that was begun while the copy was looked for, for the first reader that it fits.</summary>
/// <param name="Chunk">The chunk.</param>
/// <param name="Last">The last byte in it that the answer holds.</param>
/// <param name="Reader">The answer.</param>
internal sealed record StartedRead(int Chunk, long Last, FramedReader Reader)
{
    /// <summary>So many bytes are rather passed over than asked for anew.</summary>
    private const long Near = 2 * EntryFrames.BlockSize;

    /// <summary>Whether it brings some bytes of a chunk.</summary>
    public bool Fits(int chunk, long first, long last) => chunk == Chunk && Reader.Position <= first && first - Reader.Position < Near
        && last <= Last;
}
