using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Notices who reads an object in chunks from front to back, a range at a time, and fetches the next chunks before they are asked for,
/// several at once (rule C5). One plain GET needs none where the remote is fast: its fill runs ahead of it already. Where it waits for the
/// remote, its rest is fetched in the same way.
/// </summary>
internal sealed class ReadAhead(ReadSettings settings)
{
    private const int Remembered = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, Run> _runs = [];

    /// <summary>Notes a read.</summary>
    /// <returns>What is to be fetched ahead of it, a chunk each; none where it does not go on with reads before it.</returns>
    public IReadOnlyList<ByteRange> Note(ObjectName name, ICacheEntry copy, ByteRange read)
    {
        var chunk = copy.Identity.ChunkSize;
        return chunk == 0 || Advance(name, chunk, read) < 2 ? [] : Ahead(copy, chunk, read);
    }

    /// <summary>
    /// What is to be fetched at once of the rest of a read that waits for the remote, a chunk each, the first from where it is; none where
    /// nothing can be fetched ahead of that.
    /// </summary>
    /// <param name="copy">The copy.</param>
    /// <param name="rest">What it has still to get.</param>
    public IReadOnlyList<ByteRange> Rest(ICacheEntry copy, ByteRange rest)
    {
        var chunk = copy.Identity.ChunkSize;
        if (chunk == 0 || FillPlan.EndOfChunk(rest.First, chunk) > rest.Last)
        {
            return [];
        }

        var ahead = Ahead(copy, chunk, rest with { Last = rest.First }).TakeWhile(range => range.First <= rest.Last).ToList();
        return ahead.Count == 0 ? [] : [rest with { Last = FillPlan.EndOfChunk(rest.First, chunk) - 1 }, .. ahead];
    }

    private IReadOnlyList<ByteRange> Ahead(ICacheEntry copy, long chunk, ByteRange read)
    {
        var ranges = new List<ByteRange>();
        var next = FillPlan.EndOfChunk(read.Last, chunk);
        for (var budget = settings.ReadAheadBytes; budget >= chunk && next < copy.Info.Size; budget -= chunk)
        {
            var ahead = new ByteRange(next, Math.Min(next + chunk, copy.Info.Size) - 1);
            if (!CacheEntries.Covers(copy, ahead))
            {
                ranges.Add(ahead);
            }

            next += chunk;
        }

        return ranges;
    }

    /// <summary>How many adjoining chunks have been read in a row, this read included.</summary>
    private long Advance(ObjectName name, long chunk, ByteRange read)
    {
        lock (_lock)
        {
            var goesOn = _runs.TryGetValue(name, out var run) && run.Next == read.First;
            var started = goesOn ? run.Started : read.First;
            if (_runs.Count >= Remembered && !_runs.ContainsKey(name))
            {
                // Who reads on will be noticed again two chunks later.
                _runs.Clear();
            }

            _runs[name] = new Run(started, read.Last + 1);
            return goesOn ? (read.Last / chunk) - (started / chunk) + 1 : 1;
        }
    }

    private readonly record struct Run(long Started, long Next);
}
