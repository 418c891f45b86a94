using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// Keeps what is held within its bound (rule E1), and a share of the disk free (rule E5): in the background, those copies first that were
/// used longest ago, and never one that is being read or filled. Brings what is known of uses to the index from time to time, so that a
/// restart knows it too.
/// </summary>
internal sealed class CacheEviction : IAsyncDisposable
{
    /// <summary>How much of what hits tell a crash may take.</summary>
    private static readonly TimeSpan SavePause = TimeSpan.FromSeconds(10);

    private readonly CacheTable _table;
    private readonly CacheRows _rows;
    private readonly CacheLedger _ledger;
    private readonly long _maxBytes;
    private readonly FreeSpace _room;

    /// <summary>After so many more bytes the disk is asked how much is free.</summary>
    private readonly long _step;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly ITimer _saving;
    private readonly Task _counting;
    private Task _running = Task.CompletedTask;
    private bool _isRunning;
    private bool _isWoken;
    private volatile bool _isCounted;
    private volatile bool _isStuck;
    private volatile bool _isShort;
    private long _askedAt;
    private long _evicted;

    /// <summary>Begins.</summary>
    /// <param name="table">What is held.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="ledger">How much that is.</param>
    /// <param name="maxBytes">How much it may be; null for any amount.</param>
    /// <param name="room">How much of the disk is to be left free.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where failures are told.</param>
    public CacheEviction(CacheTable table, CacheRows rows, CacheLedger ledger, long? maxBytes, FreeSpace room, TimeProvider time,
        ILogger logger)
    {
        (_table, _rows, _ledger, _maxBytes, _room, _logger) = (table, rows, ledger, maxBytes ?? long.MaxValue, room, logger);
        _step = Math.Max(1, room.MinFree / 16);

        // As it is before anything comes or goes: what does is counted as it happens.
        var losses = ledger.Losses;
        var before = rows.HeldNow();
        _counting = Task.Run(() => CountAll(before, losses));
        _saving = time.CreateTimer(_ => Start(), null, SavePause, SavePause);
    }

    /// <summary>How many copies were evicted.</summary>
    public long Evicted => Volatile.Read(ref _evicted);

    /// <summary>Finishes once nothing is left to do.</summary>
    public Task Done => DoneAsync();

    /// <summary>More is held than before.</summary>
    public void Grew()
    {
        if (_room.MinFree > 0 && Math.Abs(_ledger.Bytes - Volatile.Read(ref _askedAt)) >= _step)
        {
            Volatile.Write(ref _askedAt, _ledger.Bytes);
            _isShort = _room.IsShort;
        }

        if (!_isStuck)
        {
            Wake();
        }
    }

    /// <summary>Asked before anything more is stored.</summary>
    /// <exception cref="IOException">Less of the disk is free than must be, and no copy can go.</exception>
    public void RequireRoom()
    {
        if (_isStuck && _isShort && (_isShort = _room.IsShort))
        {
            Start();
            throw new IOException("Copies leave what is free of the disk to others.", StoreDisk.FullCode);
        }
    }

    /// <summary>The disk was found full: whether it is short of room is looked at now, and not when the cache has grown.</summary>
    public void FoundFull() => Start();

    /// <summary>
    /// Takes copies away at once for a write that finds the disk full, those first that were used longest ago, as far as is known on the
    /// disk. Their files are gone when this returns, their rows a little later.
    /// </summary>
    /// <param name="bytes">How many bytes are needed. As much goes as must be free, if that is more.</param>
    /// <returns>Whether any went.</returns>
    public bool GiveWay(long bytes)
    {
        var start = _ledger.Bytes;
        var goal = start - Math.Max(bytes, _room.MinFree);
        foreach (var anyUse in (bool[])[false, true])
        {
            var last = IndexedEntry.FirstUse;
            while (_ledger.Bytes > goal && _rows.NextUse(last) is { } use)
            {
                last = use.UseKey;

                // Nothing waits for its row; a copy whose key somebody has locked goes when that is over.
                _ = EvictAsync(use, anyUse);
            }
        }

        return _ledger.Bytes < start;
    }

    /// <summary>Something is no longer in use.</summary>
    public void Wake()
    {
        if (_isCounted && (_isShort || _ledger.Bytes > _maxBytes))
        {
            Start();
        }
    }

    /// <summary>Whether something is to go. Asks the disk.</summary>
    private bool IsOver() => (_isShort = _room.IsShort) || _ledger.Bytes > _maxBytes;

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
        await _counting;
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

    /// <summary>One run at a time; what happens during one is seen by it, or by another after it.</summary>
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

            // What was used while others were evicted has another place in the order: another pass for those.
            while (await TryEvictAsync(anyUse: !await SaveAsync()) && IsOver() && !_stopping.IsCancellationRequested)
            {
            }
        }
    }

    /// <returns>False if the disk refused. Entries then go in the order of the uses that were saved last: on a full disk, waiting for the
    /// right order would keep them for ever.</returns>
    private async Task<bool> SaveAsync()
    {
        try
        {
            await _table.SaveAsync();
            return true;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Log.HeldCleaningFailed(_logger, failure);
            return false;
        }
    }

    /// <returns>Whether anything was evicted.</returns>
    private async Task<bool> TryEvictAsync(bool anyUse)
    {
        var before = Evicted;
        try
        {
            await EvictAsync(anyUse);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Log.HeldCleaningFailed(_logger, failure);
        }

        // All that is left is in use: nothing can be done until something is not.
        _isStuck = IsOver() && Evicted == before;
        return !_isStuck;
    }

    /// <summary>Evicts in the order of last use until the cache is within its bounds.</summary>
    /// <param name="anyUse">Whether to evict entries that were used since their row was written; otherwise the next pass decides about
    /// them.</param>
    private async Task EvictAsync(bool anyUse)
    {
        var last = IndexedEntry.FirstUse;
        while (_isCounted && IsOver() && !_stopping.IsCancellationRequested && _rows.NextUse(last) is { } use)
        {
            last = use.UseKey;
            await EvictAsync(use, anyUse);
        }
    }

    private async Task EvictAsync((byte[] UseKey, string Bucket, string Key) use, bool anyUse)
    {
        try
        {
            if (await _table.TryEvictAsync(use.Bucket, use.Key, use.UseKey, anyUse))
            {
                Interlocked.Increment(ref _evicted);
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            Log.HeldCleaningFailed(_logger, failure);
        }
    }

    private void CountAll(IEnumerable<long> before, int losses)
    {
        var bytes = 0L;
        try
        {
            foreach (var held in before)
            {
                if (_stopping.IsCancellationRequested)
                {
                    break;
                }

                bytes += held;
            }
        }
        catch (Exception failure)
        {
            // Damaged: what was counted so far is kept within the bound, and the next start begins anew.
            Log.HeldCleaningFailed(_logger, failure);
        }

        _ledger.AddCounted(bytes, losses);
        _isCounted = true;
        Start();
    }
}
