using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Cache.Blocks;
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
    ///   block        |--|--|--|--|--|--|--|--|--|--|--|--|
    ///   wanted            [=============]
    ///   filled          [1111111111111111]                              the blocks touched
    ///
    ///   chunk        |---------------|---------------|---------------|
    ///   wanted               [=============]
    ///   filled              [11111111111111111111111111]                if little of a chunk would be missing: to its end,
    ///                [22222]                                            and then from its start
    /// </code>
    /// Bytes that are cached or on their way are left out. Adjoining bytes are one request. An object cached whole is one chunk. A chunk of
    /// which blocks are touched is completed once little of it is missing (<see cref="IsNearlyWhole"/>).
    /// </remarks>
    private sealed class RunningFills(ActiveEntry owner, Fills fills)
    {
        /// <summary>
        /// The longest gap of cached bytes that is requested again rather than making two requests: at 32 MiB a second it takes 8 ms, less
        /// than a round trip to most remotes.
        /// </summary>
        private const long LongestGap = 4 * BlockGeometry.BlockSize;

        /// <summary>
        /// A chunk is completed when at most this part of it is missing. So what is stored that readers did not ask for is at most a
        /// fifteenth of what they did, however scattered they read. The remote also sends the gaps in between again.
        /// </summary>
        private const long Remainder = 16;

        private readonly List<Fill> _running = [];
        private readonly BlockGeometry _geometry = new(owner.Entry.Info.Size, owner.Entry.Identity.ChunkSize);

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
            FillOf(position, read) ?? Start(Plan(Claims(), position, last, read), fills.Trace(), read);

        /// <summary>Starts the first fill, with the response that is already there.</summary>
        public void StartWith(RemoteObject response, ByteRange came, FirstRange asked, InFlightTable.PendingFill pending)
        {
            var range = asked.Stored(came, _geometry);
            var plan = Plan([range], range.First, range.Last, pending.Starter);
            plan.AddFirst(range);
            Start(plan, pending.Trace, pending.Starter, response);
        }

        /// <summary>Starts to fill the bytes that are neither cached nor on their way, for no read.</summary>
        public void Prefetch(ByteRange range)
        {
            var claims = Claims();
            if (FirstMissing(claims, range) is { } position)
            {
                Start(Plan(claims, position, range.Last, null), fills.Trace(isAhead: true), null);
            }
        }

        /// <summary>The same for a read, with what comes ahead of it.</summary>
        public void Bring(ByteRange wanted, ReadAhead ahead, FillSubscription read)
        {
            var claims = Claims();
            if (FirstMissing(claims, wanted) is { } position)
            {
                Start(Plan(claims, position, Math.Max(wanted.Last, ahead.Window?.Last ?? 0), read), fills.Trace(), read,
                    needed: _geometry.Around(new ByteRange(position, wanted.Last)));
            }
            else if (ahead.Window is { } window && FirstMissing(claims, ahead.Needed) is not null)
            {
                Prefetch(window);
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

        /// <summary>The first byte that is neither cached nor on its way; null for none.</summary>
        private long? FirstMissing(List<ByteRange> claims, ByteRange range)
        {
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
                    return position;
                }
            }

            return null;
        }

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

        private Fill Start(LinkedList<ByteRange> plan, FillTrace trace, FillSubscription? starter, RemoteObject? response = null,
            ByteRange? needed = null)
        {
            var fill = new Fill(owner, plan, trace, starter, needed);
            _running.Add(fill);

            // A fill must not run on its reader's socket thread.
            _ = Task.Run(() => fill.RunAsync(response));
            return fill;
        }

        /// <summary>The ranges to request.</summary>
        /// <param name="claimed">What other fills bring.</param>
        /// <param name="position">The byte needed first, which must be neither cached nor claimed.</param>
        /// <param name="last">The last byte wanted.</param>
        /// <param name="starter">The read that needs it; null for read-ahead.</param>
        private LinkedList<ByteRange> Plan(IReadOnlyCollection<ByteRange> claimed, long position, long last, FillSubscription? starter)
        {
            var start = position;
            ByteRange touched;
            if (owner.Entry.Identity.ChunkSize > 0)
            {
                var blocks = _geometry.Around(new ByteRange(position, last));
                start = blocks.First;
                touched = starter is { IsExact: true } ? blocks : new ByteRange(
                    IsNearlyWhole(claimed, ChunkOf(blocks.First), blocks) ? ChunkOf(blocks.First).First : blocks.First,
                    IsNearlyWhole(claimed, ChunkOf(blocks.Last), blocks) ? ChunkOf(blocks.Last).Last : blocks.Last);
            }
            else
            {
                touched = new ByteRange(ChunkOf(position).First, ChunkOf(last).Last);
            }

            var plan = new LinkedList<ByteRange>();
            AddJoined(plan, claimed, new ByteRange(start, touched.Last));
            if (touched.First < start)
            {
                AddJoined(plan, claimed, touched with { Last = start - 1 });
            }

            return plan;
        }

        /// <summary>Adds what is neither cached nor claimed, as one range where only a small cached gap lies between.</summary>
        private void AddJoined(LinkedList<ByteRange> plan, IReadOnlyCollection<ByteRange> claimed, ByteRange within)
        {
            var missing = new LinkedList<ByteRange>();
            Add(missing, claimed, within);
            for (var node = missing.First; node is not null; node = node.Next)
            {
                var range = node.Value;
                while (node.Next is { Value: var next } && IsSmallGap(claimed, range.Last + 1, next.First - 1))
                {
                    (range, node) = (range with { Last = next.Last }, node.Next);
                }

                plan.AddLast(range);
            }
        }

        /// <summary>True if cached bytes between missing ones of the same chunk are few, and nothing brings them.</summary>
        private bool IsSmallGap(IReadOnlyCollection<ByteRange> claimed, long first, long last) => last - first < LongestGap
            && ChunkOf(first - 1) == ChunkOf(last + 1) && !claimed.Any(claim => claim.First <= last && first <= claim.Last);

        /// <summary>True if little of a chunk is still missing when some blocks have come.</summary>
        private bool IsNearlyWhole(IReadOnlyCollection<ByteRange> claimed, ByteRange chunk, ByteRange blocks)
        {
            var missing = new LinkedList<ByteRange>();
            Add(missing, [.. claimed, blocks], chunk);
            return missing.Sum(static range => range.Length) * Remainder <= chunk.Length;
        }

        /// <summary>The chunk that contains a byte.</summary>
        private ByteRange ChunkOf(long position)
        {
            var (size, chunk) = (owner.Entry.Info.Size, owner.Entry.Identity.ChunkSize);
            return chunk == 0 ? new ByteRange(0, size - 1)
                : new ByteRange(position / chunk * chunk, Math.Min(size, EntryIdentity.EndOfChunk(position, chunk)) - 1);
        }

        /// <summary>Adds what is neither cached nor claimed.</summary>
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
