namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>Which chunks of an object are cached, as a bar: <c>[##+...#]</c>.</summary>
internal static class ChunkBar
{
    /// <summary>The most cells. A larger object has several chunks in a cell.</summary>
    private const int Widest = 60;

    /// <summary>Draws the bar: <c>#</c> for cached, <c>+</c> for cached in part, <c>.</c> for not cached.</summary>
    /// <param name="runs">The ranges of cached bytes, first and last, in order.</param>
    /// <param name="size">Size of the object.</param>
    /// <param name="chunkSize">Size of a chunk.</param>
    public static string Of(IReadOnlyList<long[]> runs, long size, long chunkSize)
    {
        var chunks = ((size - 1) / chunkSize) + 1;
        var cells = (int)Math.Min(chunks, Widest);
        var bar = new char[cells];
        for (var (cell, run) = (0, 0); cell < cells; cell++)
        {
            var first = FirstOf(cell);
            var end = FirstOf(cell + 1);
            while (run < runs.Count && runs[run][1] < first)
            {
                run++;
            }

            var cached = 0L;
            for (var at = run; at < runs.Count && runs[at][0] < end; at++)
            {
                cached += Math.Min(end - 1, runs[at][1]) - Math.Max(first, runs[at][0]) + 1;
            }

            bar[cell] = cached == 0 ? '.' : cached == end - first ? '#' : '+';
        }

        return $"[{new string(bar)}]";

        long FirstOf(int cell) => Math.Min(size, (long)((Int128)chunks * cell / cells) * chunkSize);
    }
}
