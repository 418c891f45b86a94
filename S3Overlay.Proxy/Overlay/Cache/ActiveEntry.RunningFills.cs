using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <content>The running fills.</content>
internal sealed partial class ActiveEntry
{
    /// <summary>
    /// The running fills of one entry, and which bytes each of them brings, in what order (rules R5, R10). Guarded by
    /// <see cref="ActiveEntry.Gate"/>.
    /// </summary>
    /// <remarks>
    /// <code>
    ///   chunk        |---------------|---------------|---------------|
    ///   wanted                 [=============]
    ///   filled                 [1111111111111111111111]                 from the first byte needed to the end of the last touched chunk
    ///                [22222222]                                         then the head of the first chunk, so touched chunks are whole
    /// </code>
    /// Bytes that are cached or on their way are left out. Adjoining bytes are one request. An object cached whole is one chunk.
    /// </remarks>
    private sealed class RunningFills(ActiveEntry owner, Fills fills)
    {
        private readonly List<Fill> _running = [];

        public bool Any => _running.Count > 0;

        /// <summary>The bytes that come, in order. Those that adjoin are one range.</summary>
        public IReadOnlyList<ByteRange> OnTheirWay()
        {
            var ranges = new List<ByteRange>();
            foreach (var claim in Claims().OrderBy(static claim => claim.First))
            {
                if (ranges is [.., var last] && claim.First <= last.Last + 1)
                {
                    ranges[^1] = last with { Last = Math.Max(last.Last, claim.Last) };
                }
                else
                {
                    ranges.Add(claim);
                }
            }

            return ranges;
        }

        public bool Brings(long position) => Claims().Exists(claim => claim.First <= position && position <= claim.Last);

        /// <summary>The fill that brings a byte: a running one, or a new one.</summary>
        /// <param name="position">A byte that is not cached.</param>
        /// <param name="last">The last byte wanted.</param>
        /// <param name="read">The read that needs it.</param>
        public Fill Bringing(long position, long last, FillSubscription read) =>
            FillOf(position, read) ?? Start(Plan(Claims(), position, last), fills.Trace(), read);

        /// <summary>Starts the first fill, with the response that is already there.</summary>
        public void StartWith(RemoteObject response, ByteRange range, InFlightTable.PendingFill pending)
        {
            var plan = Plan([range], range.First, range.Last);
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
                if (owner.Entry.FirstCached(position) is { } run && run.First <= position)
                {
                    position = run.Last + 1;
                }
                else if (claim >= 0)
                {
                    position = claims[claim].Last + 1;
                }
                else
                {
                    Start(Plan(claims, position, range.Last), fills.Trace(isAhead: true), null);
                    return;
                }
            }
        }

        /// <summary>
        /// Fills consecutive chunks in parallel. A fill that would have brought them in sequence stops after its current chunk (or the next
        /// one if that is nearly done), so two fills never write the same bytes.
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

                var end = EntryIdentity.EndOfChunk(current.First + (2 * Fill.BufferSize) - 1, chunk);
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
                    return Start(new([current with { First = position }]), fills.Trace(), read);
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

                        return Start(plan, fills.Trace(), read);
                    }
                }
            }

            return null;
        }

        private Fill Start(LinkedList<ByteRange> plan, FillTrace trace, FillSubscription? starter, RemoteObject? response = null)
        {
            var fill = new Fill(owner, plan, trace, starter);
            _running.Add(fill);

            // A fill must not run on its reader's socket thread.
            _ = Task.Run(() => fill.RunAsync(response));
            return fill;
        }

        /// <summary>
        /// The ranges to request. The first starts at <paramref name="position"/>, which must be neither cached nor claimed.
        /// </summary>
        private LinkedList<ByteRange> Plan(IReadOnlyCollection<ByteRange> claimed, long position, long last)
        {
            var touched = Touched(position, last);
            var plan = new LinkedList<ByteRange>();
            Add(plan, claimed, new ByteRange(position, touched.Last));
            if (touched.First < position)
            {
                Add(plan, claimed, touched with { Last = position - 1 });
            }

            return plan;
        }

        /// <summary>All bytes of the chunks that a range touches.</summary>
        private ByteRange Touched(long first, long last)
        {
            var (size, chunk) = (owner.Entry.Info.Size, owner.Entry.Identity.ChunkSize);
            return chunk == 0 ? new ByteRange(0, size - 1)
                : new ByteRange(first / chunk * chunk, Math.Min(size, EntryIdentity.EndOfChunk(last, chunk)) - 1);
        }

        private void Add(LinkedList<ByteRange> plan, IReadOnlyCollection<ByteRange> claimed, ByteRange within)
        {
            for (var position = within.First; position <= within.Last;)
            {
                if (owner.Entry.FirstCached(position) is { } run && run.First <= position)
                {
                    position = run.Last + 1;
                    continue;
                }

                var end = Math.Min(within.Last, owner.Entry.FirstCached(position) is { } next ? next.First - 1 : within.Last);
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
}
