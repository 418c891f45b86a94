using S3Overlay.Proxy.Forwarding.BucketCache.Format;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>A read that was started with the lookup, for the first reader that it fits.</summary>
/// <param name="Last">The last byte of the chunk in the response.</param>
internal sealed record StartedRead(int Chunk, long Last, FramedReader Reader)
{
    /// <summary>Skipping this many bytes is cheaper than another request.</summary>
    private const long Near = 2 * EntryFrames.BlockSize;

    /// <summary>True if it delivers the given bytes of a chunk.</summary>
    public bool Fits(int chunk, long first, long last) => chunk == Chunk && Reader.Position <= first && first - Reader.Position < Near
        && last <= Last;
}
