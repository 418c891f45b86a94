using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Detects clients that read an object front to back in ranges, and fills the next chunks in parallel before they are requested (rule C5).
/// A single GET needs this only if its fill is slow: otherwise the fill is ahead of it anyway.
/// </summary>
internal sealed class ReadAhead(ReadSettings settings)
{
    private const int Remembered = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, Run> _runs = [];

    /// <summary>Records a read.</summary>
    /// <returns>The chunks to fill ahead; none unless the read continues earlier ones.</returns>
    public IReadOnlyList<ByteRange> Note(ObjectName name, ICacheEntry entry, ByteRange read)
    {
        var chunk = entry.Identity.ChunkSize;
        return chunk == 0 || Advance(name, chunk, read) < 2 ? [] : Ahead(entry, chunk, read);
    }

    /// <summary>
    /// The chunks to fill in parallel for the rest of a slow read, from its position on. None if there is nothing to gain.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="rest">The bytes still to come.</param>
    public IReadOnlyList<ByteRange> Rest(ICacheEntry entry, ByteRange rest)
    {
        var chunk = entry.Identity.ChunkSize;
        if (chunk == 0 || FillPlan.EndOfChunk(rest.First, chunk) > rest.Last)
        {
            return [];
        }

        var ahead = Ahead(entry, chunk, rest with { Last = rest.First }).TakeWhile(range => range.First <= rest.Last).ToList();
        return ahead.Count == 0 ? [] : [rest with { Last = FillPlan.EndOfChunk(rest.First, chunk) - 1 }, .. ahead];
    }

    private IReadOnlyList<ByteRange> Ahead(ICacheEntry entry, long chunk, ByteRange read)
    {
        var ranges = new List<ByteRange>();
        var next = FillPlan.EndOfChunk(read.Last, chunk);
        for (var budget = settings.ReadAheadBytes; budget >= chunk && next < entry.Info.Size; budget -= chunk)
        {
            var ahead = new ByteRange(next, Math.Min(next + chunk, entry.Info.Size) - 1);
            if (!CacheEntries.Covers(entry, ahead))
            {
                ranges.Add(ahead);
            }

            next += chunk;
        }

        return ranges;
    }

    /// <summary>The number of adjoining chunks read in a row, with this read.</summary>
    private long Advance(ObjectName name, long chunk, ByteRange read)
    {
        lock (_lock)
        {
            var goesOn = _runs.TryGetValue(name, out var run) && run.Next == read.First;
            var started = goesOn ? run.Started : read.First;
            if (_runs.Count >= Remembered && !_runs.ContainsKey(name))
            {
                // A sequential reader is detected again two chunks later.
                _runs.Clear();
            }

            _runs[name] = new Run(started, read.Last + 1);
            return goesOn ? (read.Last / chunk) - (started / chunk) + 1 : 1;
        }
    }

    private readonly record struct Run(long Started, long Next);
}
