using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>Decides which bytes to request for a read, and in what order (rules R5, R10).</summary>
/// <remarks>
/// <code>
///   chunk        |---------------|---------------|---------------|
///   wanted                 [=============]
///   filled                 [1111111111111111111111]                 from the first byte needed to the end of the last touched chunk
///                [22222222]                                         then the head of the first chunk, so every touched chunk is complete
/// </code>
/// Bytes that are cached or on their way are left out. Adjoining bytes are one request. An object cached whole is one chunk.
/// </remarks>
internal static class FillPlan
{
    /// <summary>The ranges to request. The first starts at <paramref name="position"/>, which must be neither cached nor claimed.</summary>
    public static LinkedList<ByteRange> For(ICacheEntry entry, IReadOnlyCollection<ByteRange> claimed, long position, long last)
    {
        var touched = Touched(entry, position, last);
        var plan = new LinkedList<ByteRange>();
        Add(plan, entry, claimed, new ByteRange(position, touched.Last));
        if (touched.First < position)
        {
            Add(plan, entry, claimed, touched with { Last = position - 1 });
        }

        return plan;
    }

    /// <summary>All bytes of the chunks that a range touches.</summary>
    public static ByteRange Touched(ICacheEntry entry, long first, long last)
    {
        var (size, chunk) = (entry.Info.Size, entry.Identity.ChunkSize);
        return chunk == 0 ? new ByteRange(0, size - 1) : new ByteRange(first / chunk * chunk, Math.Min(size, EndOfChunk(last, chunk)) - 1);
    }

    /// <summary>The position after the chunk that contains a byte.</summary>
    public static long EndOfChunk(long position, long chunk) => position >= long.MaxValue - chunk ? long.MaxValue
        : ((position / chunk) + 1) * chunk;

    private static void Add(LinkedList<ByteRange> plan, ICacheEntry entry, IReadOnlyCollection<ByteRange> claimed, ByteRange within)
    {
        for (var position = within.First; position <= within.Last;)
        {
            if (entry.FirstHeld(position) is { } run && run.First <= position)
            {
                position = run.Last + 1;
                continue;
            }

            var end = Math.Min(within.Last, entry.FirstHeld(position) is { } next ? next.First - 1 : within.Last);
            var inClaim = false;
            foreach (var claim in claimed)
            {
                if (claim.First <= position && position <= claim.Last)
                {
                    position = claim.Last + 1;
                    inClaim = true;
                    break;
                }

                if (claim.First > position)
                {
                    end = Math.Min(end, claim.First - 1);
                }
            }

            if (!inClaim)
            {
                plan.AddLast(new ByteRange(position, end));
                position = end + 1;
            }
        }
    }
}
