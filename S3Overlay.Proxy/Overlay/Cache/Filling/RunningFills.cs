using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>The running fills of one entry, and which bytes each of them brings. Guarded by <see cref="ActiveEntry.Gate"/>.</summary>
internal sealed class RunningFills(ActiveEntry owner, Fills fills)
{
    private readonly List<Fill> _running = [];

    public bool Any => _running.Count > 0;

    public bool Brings(long position) => Claims().Exists(claim => claim.First <= position && position <= claim.Last);

    /// <summary>The fill that brings a byte: a running one, or a new one.</summary>
    /// <param name="position">A byte that is not cached.</param>
    /// <param name="last">The last byte wanted.</param>
    /// <param name="read">The read that needs it.</param>
    public Fill Bringing(long position, long last, FillSubscription read) =>
        FillOf(position, read) ?? Start(FillPlan.For(owner.Entry, Claims(), position, last), fills.Telemetry.Begin(), read);

    /// <summary>Starts the first fill, with the response that is already there.</summary>
    public void StartWith(RemoteObject response, ByteRange range, PendingFill pending)
    {
        var plan = FillPlan.For(owner.Entry, [range], range.First, range.Last);
        plan.AddFirst(range);
        Start(plan, pending.Trace, pending.Starter, response);
    }

    /// <summary>Starts to fill the bytes that are neither cached nor on their way.</summary>
    public void Prefetch(ByteRange range)
    {
        var claims = Claims();
        for (var position = range.First; position <= range.Last;)
        {
            var claim = claims.FindIndex(claim => claim.First <= position && position <= claim.Last);
            if (owner.Entry.FirstHeld(position) is { } run && run.First <= position)
            {
                position = run.Last + 1;
            }
            else if (claim >= 0)
            {
                position = claims[claim].Last + 1;
            }
            else
            {
                Start(FillPlan.For(owner.Entry, claims, position, range.Last), fills.Telemetry.Begin(isAhead: true), null);
                return;
            }
        }
    }

    /// <summary>
    /// Fills consecutive chunks in parallel. A fill that would have brought them in sequence stops after its current chunk (or the next one
    /// if that is nearly done), so two fills never write the same bytes.
    /// </summary>
    public void Spread(IReadOnlyList<ByteRange> chunks)
    {
        var chunk = owner.Entry.Identity.ChunkSize;
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

    /// <summary>The last reader left.</summary>
    public void Abandon(FillOnAbort mode)
    {
        foreach (var fill in _running)
        {
            fill.Abandon(mode);
        }
    }

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
    /// The running fill that will bring a byte. If it is too far away, a new fill takes over from that byte on; a range that is only
    /// planned is taken over at once.
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

    private Fill Start(LinkedList<ByteRange> plan, FillTrace? trace, FillSubscription? starter, RemoteObject? response = null)
    {
        var fill = new Fill(owner, plan, trace, starter);
        _running.Add(fill);

        // A fill must not run on its reader's socket thread.
        _ = Task.Run(() => fill.RunAsync(response));
        return fill;
    }
}
