using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads that follow fills: sends bytes as they become cached, and starts fills for what is missing. Detects clients that read an object
/// front to back in ranges, and fills the next chunks in parallel before they are requested (rule C5). A single GET needs this only if its
/// fill is slow: otherwise the fill is ahead of it anyway.
/// </summary>
internal sealed class FillReader(ReadSettings settings, TimeProvider time)
{
    private const int Remembered = 1024;

    /// <summary>
    /// Reads in a row that make a reader sequential, unless they are longer than one: two
    /// adjoining ranges are often a header and what it describes, or two columns.
    /// </summary>
    private const int Sequence = 3;

    /// <summary>
    /// How many times the bytes that a sequential reader has read so far are brought ahead of it within its chunk. So the first requests
    /// grow fast, and what looks sequential but ends soon costs little.
    /// </summary>
    private const int Growth = 8;

    /// <summary>How often in a row a byte that was just filled may be missing before the store is given up.</summary>
    private const int MaxRefills = 3;

    private readonly Lock _lock = new();

    /// <summary>By the byte that would continue them, so that several readers of an object do not disturb each other.</summary>
    private readonly WeightedCache<(ObjectName Name, long Next), Run> _runs = new(Remembered);

    /// <summary>Sends from an active entry, and leaves it. The caller must be one of its readers.</summary>
    /// <exception cref="RemoteException">The remote failed.</exception>
    public async Task<ReadResult> SendAsync(ActiveEntry active, ByteRange wanted, ReadAhead ahead, ReadResponder responder,
        FillSubscription read, ChunkHits? hits)
    {
        var cancellationToken = responder.Waiting;
        try
        {
            active.Bring(wanted, ahead, read);
            foreach (var chunk in ahead.Chunks ?? [])
            {
                active.Prefetch(chunk);
            }

            // Before the first byte is sent, the remote must prove that it still has the version: until then another version or an error
            // can be sent. After it, the response can only be cut.
            return await BeginFirstMissingAsync(active, wanted, read, cancellationToken)
                && await FollowAsync(active, wanted, responder, read, hits, cancellationToken)
                ? ReadResult.Sent
                : ReadResult.VersionChanged;
        }
        finally
        {
            await active.LeaveAsync();
        }
    }

    /// <summary>Returns once the remote has begun to send the first missing byte. False if it has another version.</summary>
    private static async ValueTask<bool> BeginFirstMissingAsync(ActiveEntry active, ByteRange range, FillSubscription read,
        CancellationToken cancellationToken)
    {
        var position = range.First;
        while (position <= range.Last && active.Entry.FirstCached(position) is { } run && run.First <= position)
        {
            position = run.Last + 1;
        }

        return position > range.Last
            || await active.BeginAsync(position, range.Last, read, cancellationToken) != FillProgress.VersionChanged;
    }

    private async Task<bool> FollowAsync(ActiveEntry active, ByteRange range, ReadResponder responder, FillSubscription read,
        ChunkHits? hits, CancellationToken cancellationToken)
    {
        var position = range.First;
        var pace = new SlowRemoteDetector(time);
        for (var refills = 0; ;)
        {
            var reached = await responder.SendCachedAsync(active.Entry, range with { First = position }, hits, cancellationToken);
            refills = reached > position ? 0 : refills + 1;
            position = reached;
            if (position > range.Last)
            {
                return true;
            }

            var progress = FillProgress.NotStored;
            if (refills <= MaxRefills)
            {
                pace.Reached(position);
                if (pace.IsSlow)
                {
                    active.Spread(Rest(active.Entry, range with { First = position }));
                }

                var began = time.GetTimestamp();
                progress = await active.EnsureAsync(position, range.Last, read, cancellationToken);
                pace.Waited(began);
            }

            if (progress != FillProgress.Ready)
            {
                return progress == FillProgress.NotStored
                    && await SendRestAsync(active, range with { First = position }, responder, cancellationToken);
            }
        }
    }

    /// <summary>The store failed: sends the rest straight from the remote (rule R3). False if it has another version.</summary>
    private static async Task<bool> SendRestAsync(ActiveEntry active, ByteRange range, ReadResponder responder,
        CancellationToken cancellationToken)
    {
        var info = active.Entry.Info;
        try
        {
            await using var source = await active.Remote.Remote.GetAsync(
                active.Remote.Read(active.Name.Key, info.ETag, range), cancellationToken);
            if (source.Info.ETag != info.ETag || source.Info.Size != info.Size)
            {
                throw new RemoteException(RemoteFailure.Changed, "The remote sent another version than the one requested.");
            }

            await responder.SendRemoteAsync(source, range);
            return true;
        }
        catch (RemoteException gone) when (gone.MeansGone)
        {
            // The drift of a frozen entry is an error; any other version that changed is read again.
            if (active.DriftOf(gone) is { } drift)
            {
                throw drift;
            }

            return false;
        }
    }

    /// <summary>Records a read, and whether all its bytes are cached.</summary>
    /// <returns>What to fill ahead; nothing unless the read continues earlier ones.</returns>
    public ReadAhead Note(ObjectName name, ICacheEntry entry, ByteRange read, bool isCovered)
    {
        var chunk = entry.Identity.ChunkSize;
        if (chunk == 0)
        {
            return default;
        }

        // No sequence are ranges requested side by side, such as adjoining columns: the one before has not come when the next arrives. Nor
        // are ranges that were all cached before: the reader may stop where it stopped the last time.
        var mayGoOn = read.First > 0 && entry.FirstCached(read.First - 1)?.First == read.First - 1;
        if (Advance(name, read, mayGoOn, isMiss: !isCovered, chunk) is not { IsSequence: true } run)
        {
            return default;
        }

        var length = run.Next - run.Started;
        var chunks = length >= chunk ? Ahead(entry, chunk, read) : [];
        var end = Math.Min(entry.Info.Size, EntryIdentity.EndOfChunk(read.Last, chunk));
        var window = new ByteRange(run.Next, Math.Min(end, run.Next + Math.Min(Growth * length, settings.ReadAheadBytes)) - 1);
        var needed = window with { Last = Math.Min(window.Last, run.Next + length - 1) };
        return window.Length == 0 || CacheEntries.Covers(entry, needed) ? new ReadAhead(chunks) : new ReadAhead(chunks, window, needed);
    }

    /// <summary>
    /// The chunks to fill in parallel for the rest of a slow read, from its position on. None if there is nothing to gain.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="rest">The bytes still to come.</param>
    private IReadOnlyList<ByteRange> Rest(ICacheEntry entry, ByteRange rest)
    {
        var chunk = entry.Identity.ChunkSize;
        if (chunk == 0 || EntryIdentity.EndOfChunk(rest.First, chunk) > rest.Last)
        {
            return [];
        }

        var ahead = Ahead(entry, chunk, rest with { Last = rest.First }).TakeWhile(range => range.First <= rest.Last).ToList();
        return ahead.Count == 0 ? [] : [rest with { Last = EntryIdentity.EndOfChunk(rest.First, chunk) - 1 }, .. ahead];
    }

    private IReadOnlyList<ByteRange> Ahead(ICacheEntry entry, long chunk, ByteRange read)
    {
        var ranges = new List<ByteRange>();
        var next = EntryIdentity.EndOfChunk(read.Last, chunk);
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

    /// <summary>Records where a read begins and ends, and whether bytes of it are missing.</summary>
    /// <returns>The reads in a row that it ends; null if it continues none.</returns>
    private Run? Advance(ObjectName name, ByteRange read, bool mayGoOn, bool isMiss, long chunk)
    {
        lock (_lock)
        {
            var goesOn = _runs.TryGet((name, read.First), out var run) && mayGoOn;
            if (!goesOn && _runs.TryGet((name, read.Last + 1), out var same) && same.Started < read.First)
            {
                // The last of them once more: another client reads in step, or the same one repeats a range.
                return mayGoOn ? same : null;
            }

            _runs.Remove((name, read.First));
            var isLong = goesOn && (run.Reads + 1 >= Sequence || read.Last + 1 - run.Started > chunk);
            run = goesOn ? new Run(run.Started, read.Last + 1, run.Reads + 1, run.IsSequence || (isLong && isMiss))
                : new Run(read.First, read.Last + 1, 1, false);
            _runs.Set((name, run.Next), run, 1);
            return goesOn ? run : null;
        }
    }

    /// <summary>Reads in a row.</summary>
    /// <param name="Started">Their first byte.</param>
    /// <param name="Next">The byte after their last.</param>
    /// <param name="Reads">How many they are.</param>
    /// <param name="IsSequence">True once one of them had to wait for the remote though it had enough before it.</param>
    private readonly record struct Run(long Started, long Next, int Reads, bool IsSequence);

    /// <summary>Decides when parallel requests would be faster than one (rule C5).</summary>
    private sealed class SlowRemoteDetector(TimeProvider time)
    {
        /// <summary>Bytes measured at a time. Anything shorter has arrived before another request would get a response.</summary>
        public const long Stretch = 4L << 20;

        /// <summary>Bytes per second at which a single request suffices.</summary>
        private const long Enough = 32L << 20;

        private long? _from;
        private TimeSpan _waited;

        /// <summary>True once a window was slow. Never resets: later speed is due to the parallel requests.</summary>
        public bool IsSlow { get; private set; }

        /// <summary>Records that a byte arrived.</summary>
        /// <param name="began">When the wait began, from <see cref="TimeProvider.GetTimestamp"/>.</param>
        public void Waited(long began) => _waited += time.GetElapsedTime(began);

        /// <summary>Records that all bytes before a position have arrived.</summary>
        public void Reached(long position)
        {
            _from ??= position;
            if (position - _from >= Stretch)
            {
                IsSlow |= _waited.TotalSeconds * Enough >= position - _from;
                (_from, _waited) = (position, TimeSpan.Zero);
            }
        }
    }
}
