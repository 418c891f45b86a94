using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// The fills of one object that are under way: which bytes each of them brings, and which a new one is to bring. Touched under the object's
/// lock alone.
/// </summary>
/// <param name="owner">The object.</param>
/// <param name="fills">What fills tell, and how.</param>
internal sealed class RunningFills(ActiveEntry owner, Fills fills)
{
    private readonly List<Fill> _running = [];

    /// <summary>Whether any is under way.</summary>
    public bool Any => _running.Count > 0;

    /// <summary>Whether a fill that is under way will bring a byte.</summary>
    public bool Brings(long position) => Claims().Exists(claim => claim.First <= position && position <= claim.Last);

    /// <summary>The fill that brings a byte: one under way, or one begun for as much as is wanted from there on.</summary>
    /// <param name="position">The byte, which is not held.</param>
    /// <param name="last">The last byte wanted.</param>
    /// <param name="read">The read that needs it.</param>
    public Fill Bringing(long position, long last, FillSubscription read) =>
        FillOf(position, read) ?? Start(FillPlan.For(owner.Copy, Claims(), position, last), fills.Telemetry.Begin(), read);

    /// <summary>Goes on with the remote's answer that opened the object.</summary>
    /// <param name="answered">The answer.</param>
    /// <param name="range">Which bytes it brings.</param>
    /// <param name="opening">What asked for it.</param>
    public void StartWith(RemoteObject answered, ByteRange range, PendingFill opening)
    {
        var plan = FillPlan.For(owner.Copy, [range], range.First, range.Last);
        plan.AddFirst(range);
        Start(plan, opening.Trace, opening.Starter, answered);
    }

    /// <summary>Starts to fetch what is neither held nor being fetched of some bytes.</summary>
    public void Prefetch(ByteRange range)
    {
        var claims = Claims();
        for (var position = range.First; position <= range.Last;)
        {
            var claim = claims.FindIndex(claim => claim.First <= position && position <= claim.Last);
            if (owner.Copy.FirstHeld(position) is { } held && held.First <= position)
            {
                position = held.Last + 1;
            }
            else if (claim >= 0)
            {
                position = claims[claim].Last + 1;
            }
            else
            {
                Start(FillPlan.For(owner.Copy, claims, position, range.Last), fills.Telemetry.Begin(isAhead: true), null);
                return;
            }
        }
    }

    /// <summary>
    /// Starts to fetch chunks that follow one another, each by a fill of its own. A fill that would come to them one after another ends
    /// with the chunk it is at, or the one after it where that is nearly over: two must never store the same bytes.
    /// </summary>
    public void Spread(IReadOnlyList<ByteRange> chunks)
    {
        var chunk = owner.Copy.Identity.ChunkSize;
        foreach (var fill in _running)
        {
            if (fill.Current is not { } current || current.First > chunks[0].Last)
            {
                continue;
            }

            var end = FillPlan.EndOfChunk(current.First + (2 * Fill.BufferSize) - 1, chunk);
            if (current.Last >= end)
            {
                fill.LeaveFrom(end);
            }

            for (var node = fill.Planned.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.First > chunks[0].Last)
                {
                    fill.Planned.Remove(node);
                }

                node = next;
            }
        }

        foreach (var range in chunks)
        {
            Prefetch(range);
        }
    }

    /// <summary>Nobody reads any more what they bring.</summary>
    public void Abandon(FillOnAbort mode)
    {
        foreach (var fill in _running)
        {
            fill.Abandon(mode);
        }
    }

    /// <summary>One is over.</summary>
    public void Remove(Fill fill) => _running.Remove(fill);

    private List<ByteRange> Claims()
    {
        var claims = new List<ByteRange>();
        foreach (var fill in _running)
        {
            if (fill.Current is { } current && current.First <= current.Last)
            {
                claims.Add(current);
            }

            claims.AddRange(fill.Planned);
        }

        return claims;
    }

    /// <summary>
    /// The fill that will bring a byte. Where it would take long to get there, the bytes from this one on are taken over from it; what it
    /// had only planned is taken over at once.
    /// </summary>
    private Fill? FillOf(long position, FillSubscription read)
    {
        foreach (var fill in _running)
        {
            if (fill.Current is { } current && current.First <= position && position <= current.Last)
            {
                if (position - current.First <= Math.Max(fills.Settings.TakeOverDistance, 2 * Fill.BufferSize))
                {
                    return fill;
                }

                fill.LeaveFrom(position);
                return Start(new([current with { First = position }]), fills.Telemetry.Begin(), read);
            }

            for (var node = fill.Planned.First; node is not null; node = node.Next)
            {
                var planned = node.Value;
                if (planned.First <= position && position <= planned.Last)
                {
                    fill.Planned.Remove(node);
                    var plan = new LinkedList<ByteRange>([planned with { First = position }]);
                    if (planned.First < position)
                    {
                        plan.AddLast(planned with { Last = position - 1 });
                    }

                    return Start(plan, fills.Telemetry.Begin(), read);
                }
            }
        }

        return null;
    }

    private Fill Start(LinkedList<ByteRange> plan, FillTrace? trace, FillSubscription? starter, RemoteObject? answered = null)
    {
        var fill = new Fill(owner, plan, trace, starter);
        _running.Add(fill);

        // On the pool: a fill must not run on the thread of the socket that its reader came from.
        _ = Task.Run(() => fill.RunAsync(answered));
        return fill;
    }
}
