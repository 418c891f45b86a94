namespace S3Overlay.WebConsole.Pages.Objects;

/// <summary>
/// Which bytes of an object are cached, on their way and missing, as cells of a map: a chunk each, or several if it has many.
/// </summary>
public sealed class ChunkMap
{
    /// <summary>The most cells.</summary>
    public const int Most = 240;

    /// <summary>The cells of an object that is cached whole, not chunk by chunk.</summary>
    private const int Pieces = 48;

    private ChunkMap(IReadOnlyList<ChunkCell> cells, long chunks, long chunkSize) =>
        (Cells, Chunks, ChunkSize) = (cells, chunks, chunkSize);

    /// <summary>The cells, in the order of the bytes.</summary>
    public IReadOnlyList<ChunkCell> Cells { get; }

    /// <summary>How many chunks the object has; 1 if it is cached whole.</summary>
    public long Chunks { get; }

    /// <summary>Bytes of a chunk; of the object if it is cached whole.</summary>
    public long ChunkSize { get; }

    /// <summary>Chunks of a cell; 0 if cells are pieces of one chunk.</summary>
    public long ChunksPerCell => Chunks == 1 ? 0 : (Chunks + Cells.Count - 1) / Cells.Count;

    /// <summary>Draws the map.</summary>
    /// <param name="size">Bytes of the object.</param>
    /// <param name="chunkSize">Bytes of a chunk; null if it is cached whole.</param>
    /// <param name="cached">The ranges that are cached, first and last byte, in order: all, or the first of very many.</param>
    /// <param name="coming">The ranges that fills bring, in order.</param>
    /// <param name="bytes">How many bytes are cached in all.</param>
    public static ChunkMap Of(long size, long? chunkSize, IReadOnlyList<long[]> cached, IReadOnlyList<long[]> coming, long bytes)
    {
        if (size <= 0)
        {
            return new([], 0, 0);
        }

        var chunk = chunkSize is > 0 and var given ? given : size;
        var chunks = ((size - 1) / chunk) + 1;

        // A cell has whole chunks, so that a full one always looks full.
        var count = chunks == 1 ? (int)Math.Min(Pieces, size) : (int)Math.Min(Most, chunks);
        var cells = new ChunkCell[count];
        var (has, comes) = (new Cover(cached), new Cover(coming));
        var known = cached is [.., var last] && cached.Sum(static range => range[1] - range[0] + 1) < bytes ? last[1] + 1 : size;
        for (var at = 0; at < count; at++)
        {
            var (first, end) = (StartOf(at), StartOf(at + 1));
            var (held, onTheirWay) = (has.In(first, end), comes.In(first, end));
            cells[at] = new(
                held >= end - first ? ChunkState.Cached : onTheirWay > 0 ? ChunkState.Coming : end > known ? ChunkState.Unknown
                    : held > 0 ? ChunkState.Part : ChunkState.Missing,
                (double)held / (end - first));
        }

        return new(cells, chunks, chunk);

        long StartOf(int cell) => chunks == 1 ? (long)((Int128)size * cell / count)
            : Math.Min(size, (long)((Int128)chunks * cell / count) * chunk);
    }

    /// <summary>How many cells have a state.</summary>
    public int Count(ChunkState state) => Cells.Count(cell => cell.State == state);

    /// <summary>Ranges that are asked for in order.</summary>
    private sealed class Cover(IReadOnlyList<long[]> ranges)
    {
        private int _at;

        /// <summary>How many bytes of them are in a cell.</summary>
        public long In(long first, long end)
        {
            while (_at < ranges.Count && ranges[_at][1] < first)
            {
                _at++;
            }

            var bytes = 0L;
            for (var at = _at; at < ranges.Count && ranges[at][0] < end; at++)
            {
                bytes += Math.Min(end - 1, ranges[at][1]) - Math.Max(first, ranges[at][0]) + 1;
            }

            return bytes;
        }
    }
}

/// <summary>A cell of a map.</summary>
/// <param name="State">What it shows.</param>
/// <param name="Share">How much of it is cached, from 0 to 1.</param>
public readonly record struct ChunkCell(ChunkState State, double Share);

/// <summary>What is cached of a cell.</summary>
public enum ChunkState
{
    /// <summary>Nothing.</summary>
    Missing,

    /// <summary>Some bytes, and nothing more is coming.</summary>
    Part,

    /// <summary>More is on its way.</summary>
    Coming,

    /// <summary>All.</summary>
    Cached,

    /// <summary>The ranges end before it: it is cached in more pieces than are listed.</summary>
    Unknown,
}
