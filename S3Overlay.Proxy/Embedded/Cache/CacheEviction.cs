using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// Keeps the cache within its limit (rule E1) and part of the disk free (rule E5). Evicts in the background, least recently used first,
/// never an entry in use or pinned. Saves last uses to the rows from time to time, so that they survive a restart.
/// </summary>
/// <param name="table">The entries.</param>
/// <param name="rows">Their rows.</param>
/// <param name="ledger">Counts cached bytes.</param>
/// <param name="maxBytes">The limit; null for none.</param>
/// <param name="room">How much of the disk stays free.</param>
/// <param name="pins">What is not evicted; null for none.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets failures.</param>
internal sealed class CacheEviction(CacheTable table, CacheRows rows, CacheLedger ledger, long? maxBytes, FreeSpace room,
    CachePins? pins, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>How much of the recorded uses a crash may lose.</summary>
    private static readonly TimeSpan SavePause = TimeSpan.FromSeconds(10);

    /// <summary>How long a pass that found everything pinned counts, if nothing was cached or unpinned since.</summary>
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(5);

    private readonly long _maxBytes = maxBytes ?? long.MaxValue;

    /// <summary>Bytes stored between two checks of free disk space.</summary>
    private readonly long _step = Math.Max(1, room.MinFree / 16);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private ITimer _saving = null!;
    private Task _running = Task.CompletedTask;
    private bool _isRunning;
    private bool _isWoken;
    private volatile bool _isStuck;
    private volatile bool _isShort;
    private long _askedAt;
    private long _evicted;
    private long _latestUse;

    /// <summary>All entries used up to here are pinned, as of the version: a pass need not walk them again.</summary>
    private (object? Version, CacheRows.Use Use) _pinned;

    /// <summary>A pass found everything pinned; null for none. Another one would find the same until something changes.</summary>
    private volatile AllPinned? _allPinned;

    private long _growths;
    private long _passes;

    /// <summary>Starts the background work. Call before anything changes.</summary>
    public void Begin()
    {
        ledger.Add(rows.CachedBytes);
        _saving = time.CreateTimer(_ => Start(), null, SavePause, SavePause);
        Start();
    }

    public long Evicted => Volatile.Read(ref _evicted);

    /// <summary>The last use of the most recently used entry that was evicted; null for none.</summary>
    public DateTimeOffset? LatestUse =>
        Volatile.Read(ref _latestUse) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>How often the entries were looked through.</summary>
    internal long Passes => Volatile.Read(ref _passes);

    /// <summary>Completes when nothing is left to evict.</summary>
    public Task Done => DoneAsync();

    /// <summary>Bytes were cached.</summary>
    public void Grew()
    {
        Interlocked.Increment(ref _growths);
        if (room.MinFree > 0 && Math.Abs(ledger.Bytes - Volatile.Read(ref _askedAt)) >= _step)
        {
            Volatile.Write(ref _askedAt, ledger.Bytes);
            _isShort = room.IsShort;
        }

        if (!_isStuck)
        {
            Wake();
        }
    }

    /// <summary>Called before more is stored.</summary>
    /// <exception cref="CacheFullException">
    /// The cache is full of pinned entries, or too little disk space is free and no entry can be evicted.
    /// </exception>
    public void RequireRoom()
    {
        if (_isStuck && ledger.Bytes >= _maxBytes && pins is { All.Count: > 0 })
        {
            throw new CacheFullException("The cache is full, and what could be evicted is pinned or in use.");
        }

        if (_isStuck && _isShort && (_isShort = room.IsShort))
        {
            Start();
            throw new CacheFullException("The cache leaves the rest of the disk free.");
        }
    }

    /// <summary>The disk was full: check free space now, not when the cache has grown.</summary>
    public void FoundFull() => Start();

    /// <summary>
    /// Evicts entries at once for a write that finds the disk full, least recently used first according to the saved uses; pinned ones
    /// last, since a client's write outranks the cache. Files are gone when this returns, rows a little later.
    /// </summary>
    /// <param name="bytes">Bytes needed; more is evicted if more must stay free.</param>
    /// <returns>True if any entry was evicted.</returns>
    public bool GiveWay(long bytes)
    {
        var start = ledger.Bytes;
        var goal = start - Math.Max(bytes, room.MinFree);
        foreach (var (anyUse, evenPinned) in ((bool, bool)[])[(false, false), (true, false), (true, true)])
        {
            var last = default(CacheRows.Use);
            while (ledger.Bytes > goal && rows.NextUse(last) is { } use)
            {
                last = use.Use;

                // Nothing waits for the row. An entry whose key is locked is evicted when the lock is released.
                _ = EvictAsync(use, anyUse, evenPinned);
            }
        }

        return ledger.Bytes < start;
    }

    /// <summary>An entry is no longer in use.</summary>
    public void Wake()
    {
        if ((_isShort || ledger.Bytes > _maxBytes) && !IsAllPinned())
        {
            Start();
        }
    }

    /// <summary>True if a pass found everything pinned, and nothing changed since.</summary>
    private bool IsAllPinned() => _allPinned is { } seen && seen.Version == pins!.Version && seen.Growths == Volatile.Read(ref _growths)
        && time.GetElapsedTime(seen.At) < LongestRest;

    /// <summary>True if something must be evicted. Reads the disk's free space.</summary>
    private bool IsOver() => (_isShort = room.IsShort) || ledger.Bytes > _maxBytes;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _saving.DisposeAsync();
        await _stopping.CancelAsync();
        await DoneAsync();
        _stopping.Dispose();
    }

    private async Task DoneAsync()
    {
        while (true)
        {
            Task running;
            lock (_lock)
            {
                if (!_isRunning)
                {
                    return;
                }

                running = _running;
            }

            await running;
        }
    }

    /// <summary>One run at a time. A change during a run is seen by it or by the next.</summary>
    private void Start()
    {
        lock (_lock)
        {
            _isWoken = true;
            if (!_isRunning && !_stopping.IsCancellationRequested)
            {
                _isRunning = true;
                _running = Task.Run(RunAsync);
            }
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            lock (_lock)
            {
                if (!_isWoken || _stopping.IsCancellationRequested)
                {
                    _isRunning = false;
                    return;
                }

                _isWoken = false;
            }

            // An entry used since the run began has another place in the order: one more pass.
            while (await TryEvictAsync(anyUse: !await SaveAsync()) && IsOver() && !_stopping.IsCancellationRequested)
            {
            }
        }
    }

    /// <returns>False if the disk refused. Entries are then evicted in the order of the last saved uses: waiting for the right order would
    /// keep them forever on a full disk.</returns>
    private async Task<bool> SaveAsync()
    {
        try
        {
            await table.SaveAsync();
            return true;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Log.CacheCleaningFailed(logger, failure);
            return false;
        }
    }

    /// <returns>True if anything was evicted.</returns>
    private async Task<bool> TryEvictAsync(bool anyUse)
    {
        var before = Evicted;
        try
        {
            await EvictAsync(anyUse);
            if (!anyUse && Evicted == before && IsOver())
            {
                // All may have been used since their rows were saved: then the order of the rows is as good as any.
                await EvictAsync(anyUse: true);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Log.CacheCleaningFailed(logger, failure);
        }

        // All that is left is in use: wait until something is released.
        _isStuck = IsOver() && Evicted == before;
        return !_isStuck;
    }

    /// <summary>Evicts in the order of last use until the cache is within its limits.</summary>
    /// <param name="anyUse">True to evict entries that were used since their row was written; otherwise the next pass decides about
    /// them.</param>
    private async Task EvictAsync(bool anyUse)
    {
        if (!IsOver() || IsAllPinned())
        {
            return;
        }

        Interlocked.Increment(ref _passes);
        var (before, version, growths) = (Evicted, pins?.Version, Volatile.Read(ref _growths));
        var first = _pinned.Version == version ? _pinned.Use : default;
        var last = first;
        _pinned = (version, last);
        var isPinnedSoFar = true;
        while (IsOver() && !_stopping.IsCancellationRequested && rows.NextUse(last) is { } use)
        {
            last = use.Use;
            if (pins is not null && pins.Has(use.Bucket, use.Key))
            {
                _pinned = isPinnedSoFar ? (version, last) : _pinned;
            }
            else
            {
                isPinnedSoFar = false;
                await EvictAsync(use, anyUse);
            }
        }

        if (isPinnedSoFar && IsOver() && version is not null && rows.NextUse(last) is null)
        {
            if (first != default)
            {
                // An entry may have come in with an earlier use: all must be looked at to say so.
                _pinned = default;
                await EvictAsync(anyUse);
                return;
            }

            _allPinned = new AllPinned(version, growths, time.GetTimestamp());
        }

        if (Evicted == before)
        {
            // The next pass looks at all: with a clock that was set back, entries may have come in before.
            _pinned = default;
        }
    }

    /// <summary>Two evictions may end at once.</summary>
    private void InterlockedMax(long use)
    {
        for (var known = Volatile.Read(ref _latestUse); use > known;)
        {
            known = Interlocked.CompareExchange(ref _latestUse, use, known) is var now && now == known ? use : now;
        }
    }

    private async Task EvictAsync((CacheRows.Use Use, string Bucket, string Key) use, bool anyUse, bool evenPinned = false)
    {
        try
        {
            if (await (pins?.TryEvictAsync(use.Bucket, use.Key, TryAsync, evenPinned) ?? TryAsync()))
            {
                Interlocked.Increment(ref _evicted);
                InterlockedMax(use.Use.Ticks);
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            Log.CacheCleaningFailed(logger, failure);
        }

        Task<bool> TryAsync() => table.TryEvictAsync(use.Bucket, use.Key, use.Use, anyUse);
    }

    private sealed record AllPinned(object Version, long Growths, long At);
}

/// <summary>How much of the disk the cache leaves free (rule E5).</summary>
/// <param name="disk">The disk.</param>
/// <param name="folder">The cache's folder.</param>
/// <param name="minFree">Bytes to leave free; null for 5 % of the disk, at most 1 GiB.</param>
internal sealed class FreeSpace(StoreDisk disk, string folder, long? minFree)
{
    /// <summary>In bytes. 0 if the disk's size is unknown.</summary>
    public long MinFree { get; } = minFree ?? Math.Min(1L << 30, (disk.SizeOf(folder) ?? 0) / 20);

    /// <summary>True if less is free now. Asks the disk.</summary>
    public bool IsShort => MinFree > 0 && disk.RoomOf(folder) < MinFree;
}
