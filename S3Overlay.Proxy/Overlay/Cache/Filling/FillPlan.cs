using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>Which bytes a reader's need makes us fetch, and in what order (rules R5, R10).</summary>
/// <remarks>
/// <code>
///   chunk        |---------------|---------------|---------------|
///   wanted                 [=============]
///   fetched                [1111111111111111111111]                 from the first needed byte to the end of the last touched chunk
///                [22222222]                                        then the head of the first, so that every touched chunk gets whole
/// </code>
/// What is held, or already being fetched, is left out; what adjoins is one request. An object that is held whole is one chunk.
/// </remarks>
internal static class FillPlan
{
    /// <summary>
    /// The stretches to fetch, the first of which starts at <paramref name="position"/>. That byte must be neither held nor claimed.
    /// </summary>
    public static LinkedList<ByteRange> For(ICacheEntry copy, IReadOnlyCollection<ByteRange> claimed, long position, long last)
    {
        var touched = Touched(copy, position, last);
        var plan = new LinkedList<ByteRange>();
        Add(plan, copy, claimed, new ByteRange(position, touched.Last));
        if (touched.First < position)
        {
            Add(plan, copy, claimed, touched with { Last = position - 1 });
        }

        return plan;
    }

    /// <summary>The bytes of every chunk that some bytes touch.</summary>
    public static ByteRange Touched(ICacheEntry copy, long first, long last)
    {
        var (size, chunk) = (copy.Info.Size, copy.Identity.ChunkSize);
        return chunk == 0 ? new ByteRange(0, size - 1) : new ByteRange(first / chunk * chunk, Math.Min(size, EndOfChunk(last, chunk)) - 1);
    }

    /// <summary>The position after the chunk that holds a byte.</summary>
    public static long EndOfChunk(long position, long chunk) => position >= long.MaxValue - chunk ? long.MaxValue
        : ((position / chunk) + 1) * chunk;

    private static void Add(LinkedList<ByteRange> plan, ICacheEntry copy, IReadOnlyCollection<ByteRange> claimed, ByteRange within)
    {
        for (var position = within.First; position <= within.Last;)
        {
            if (copy.FirstHeld(position) is { } held && held.First <= position)
            {
                position = held.Last + 1;
                continue;
            }

            var end = Math.Min(within.Last, copy.FirstHeld(position) is { } next ? next.First - 1 : within.Last);
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
