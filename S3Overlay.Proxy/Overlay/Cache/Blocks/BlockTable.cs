using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Blocks;

/// <summary>
/// Which bytes of an entry are cached, in memory: a checksum per whole block, and the pieces of blocks that are still being filled, each
/// with a checksum. Whole blocks survive a restart; pieces do not.
/// </summary>
internal sealed class BlockTable(BlockGeometry geometry, uint[] checksums)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, List<Piece>> _partial = [];

    /// <summary>The table entry for a checksum. 0 means "not cached", so a checksum of 0 is stored as another number.</summary>
    public static uint Entry(uint checksum) => checksum == 0 ? uint.MaxValue : checksum;

    /// <summary>The block's entry; 0 if it is not whole.</summary>
    public uint this[long block] => Volatile.Read(ref checksums[block]);

    /// <summary>The piece of an incomplete block that contains a byte.</summary>
    public Piece? PieceAt(long position)
    {
        lock (_lock)
        {
            return _partial.TryGetValue(geometry.BlockAt(position), out var pieces)
                ? pieces.Find(piece => piece.From <= position && position < piece.To)
                : null;
        }
    }

    /// <summary>See <see cref="Layers.ICacheEntry.FirstCached"/>.</summary>
    public ByteRange? FirstCached(long position)
    {
        lock (_lock)
        {
            for (var block = position < geometry.Size ? geometry.BlockAt(position) : geometry.Blocks; block < geometry.Blocks;)
            {
                if (checksums[block] != 0)
                {
                    var start = Math.Max(position, geometry.BytesOf(block).First);
                    return new ByteRange(start, EndOfRun(start) - 1);
                }

                if (_partial.TryGetValue(block, out var pieces)
                    && pieces.Where(piece => piece.To > position).MinBy(piece => piece.From) is { } next)
                {
                    var start = Math.Max(position, next.From);
                    return new ByteRange(start, EndOfRun(start) - 1);
                }

                block = NextInteresting(block + 1);
            }

            return null;
        }
    }

    /// <summary>
    /// The bytes from a position on that are alike: whole blocks that are missing, missing bytes within a block, or cached. Those that are
    /// cached stay as they are.
    /// </summary>
    public (int Length, bool IsMissing) Stretch(long position, int length)
    {
        // In one look: a block forgotten in between would be passed over.
        lock (_lock)
        {
            if (Missing(position, length) is > 0 and var whole)
            {
                return (whole, true);
            }

            return Writable(position, length) is > 0 and var missing ? (missing, true)
                : ((int)Math.Min(length, EndOfRun(position) - position), false);
        }
    }

    /// <summary>How many bytes from a position on are whole blocks of which no byte is cached. The caller holds the lock.</summary>
    private int Missing(long position, int length)
    {
        var bytes = 0L;
        for (var block = geometry.BlockAt(position); block < geometry.Blocks; block++)
        {
            var range = geometry.BytesOf(block);
            if (range.First != position + bytes || range.Length > length - bytes
                || checksums[block] != 0 || _partial.ContainsKey(block))
            {
                break;
            }

            bytes += range.Length;
        }

        return (int)bytes;
    }

    /// <summary>
    /// How many bytes may be written from a position on, within the block, before the next cached byte. The caller holds the lock.
    /// </summary>
    private int Writable(long position, int length)
    {
        var block = geometry.BlockAt(position);
        if (checksums[block] != 0)
        {
            return 0;
        }

        var end = Math.Min(position + length, geometry.BytesOf(block).Last + 1);
        foreach (var piece in _partial.TryGetValue(block, out var pieces) ? pieces : [])
        {
            if (piece.From <= position && position < piece.To)
            {
                return 0;
            }

            if (piece.From > position)
            {
                end = Math.Min(end, piece.From);
            }
        }

        return (int)(end - position);
    }

    /// <summary>Records stored bytes. Those that overlap what is cached are not recorded: counted twice, they would hide a hole.</summary>
    /// <returns>The block's pieces in order if they now cover it; else null.</returns>
    public IReadOnlyList<Piece>? Add(long position, ReadOnlySpan<byte> bytes)
    {
        var block = geometry.BlockAt(position);
        var range = geometry.BytesOf(block);
        var end = position + bytes.Length;
        lock (_lock)
        {
            if (checksums[block] != 0)
            {
                return null;
            }

            if (!_partial.TryGetValue(block, out var pieces))
            {
                _partial.Add(block, pieces = []);
            }

            if (pieces.Exists(piece => piece.From < end && position < piece.To))
            {
                return null;
            }

            var before = pieces.FindIndex(piece => piece.To == position);
            if (before >= 0)
            {
                pieces[before] = new Piece(pieces[before].From, end, Crc32C.Append(pieces[before].Checksum, bytes));
            }
            else
            {
                pieces.Add(new Piece(position, end, Crc32C.Compute(bytes)));
            }

            return pieces.Sum(piece => piece.To - piece.From) == range.Length ? [.. pieces.OrderBy(piece => piece.From)] : null;
        }
    }

    /// <summary>True if bytes of blocks are cached that are not whole.</summary>
    public bool HasPieces
    {
        get
        {
            lock (_lock)
            {
                return _partial.Count > 0;
            }
        }
    }

    /// <summary>Bytes in whole blocks.</summary>
    public long CachedBytes()
    {
        var bytes = 0L;
        for (var block = 0L; block < geometry.Blocks; block++)
        {
            bytes += this[block] == 0 ? 0 : geometry.BytesOf(block).Length;
        }

        return bytes;
    }

    /// <summary>Marks a block as whole.</summary>
    /// <returns>True if it was not before.</returns>
    public bool Complete(long block, uint entry)
    {
        lock (_lock)
        {
            _partial.Remove(block);
            return Interlocked.Exchange(ref checksums[block], entry) == 0;
        }
    }

    /// <summary>Removes a block, whole or in pieces.</summary>
    /// <returns>True if it was whole.</returns>
    public bool Forget(long block)
    {
        lock (_lock)
        {
            _partial.Remove(block);
            return Interlocked.Exchange(ref checksums[block], 0) != 0;
        }
    }

    private long NextInteresting(long block)
    {
        if (block >= geometry.Blocks)
        {
            return block;
        }

        var held = checksums.AsSpan((int)block).IndexOfAnyExcept(0u);
        var next = held < 0 ? geometry.Blocks : block + held;
        foreach (var partial in _partial.Keys)
        {
            if (partial >= block)
            {
                return Math.Min(next, partial);
            }
        }

        return next;
    }

    /// <summary>The first byte after <paramref name="position"/> that is not cached. <paramref name="position"/> must be cached.</summary>
    private long EndOfRun(long position)
    {
        while (position < geometry.Size)
        {
            var block = geometry.BlockAt(position);
            if (checksums[block] != 0)
            {
                var gap = checksums.AsSpan((int)block).IndexOf(0u);
                position = gap < 0 ? geometry.Size : geometry.BytesOf(block + gap - 1).Last + 1;
            }
            else if (_partial.TryGetValue(block, out var pieces)
                && pieces.Find(piece => piece.From <= position && position < piece.To) is { } piece)
            {
                position = piece.To;
            }
            else
            {
                break;
            }
        }

        return position;
    }

    /// <summary>Some bytes of a block; <paramref name="To"/> is exclusive.</summary>
    public sealed record Piece(long From, long To, uint Checksum);
}
