using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>
/// Notices who reads an object in chunks from front to back, a range at a time, and fetches the next chunks before they are asked for, several
/// at once (rule C5). One plain GET needs none: its fill runs ahead of it already.
/// </summary>
internal sealed class ReadAhead(ReadSettings settings)
{
    private const int Remembered = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, Run> _runs = [];

    /// <summary>Notes a read that was answered from held bytes alone.</summary>
    public void Note(S3Request request, IHeldCopy copy, ByteRange read)
    {
        if (copy.Identity.ChunkSize > 0)
        {
            Advance(new ObjectName(request.Bucket, request.Key), copy.Identity.ChunkSize, read);
        }
    }

    /// <summary>Notes a read, and starts to fetch ahead of it where it goes on with one before.</summary>
    public void Note(ObjectName name, HeldObject held, ByteRange read)
    {
        var chunk = held.Copy.Identity.ChunkSize;
        if (chunk == 0 || Advance(name, chunk, read) < 2)
        {
            return;
        }

        var next = FillPlan.EndOfChunk(read.Last, chunk);
        for (var budget = settings.ReadAheadBytes; budget >= chunk && next < held.Copy.Info.Size; budget -= chunk)
        {
            held.Prefetch(new ByteRange(next, Math.Min(next + chunk, held.Copy.Info.Size) - 1));
            next += chunk;
        }
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
