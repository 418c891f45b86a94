using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// An entry in use: its readers, the fills under way, and a way to wait for bytes. Closed when the last reader and the last fill are done.
/// </summary>
internal sealed partial class ActiveEntry
{
    private readonly Fills _fills;
    private readonly RunningFills _running;
    private TaskCompletionSource? _pulse;
    private RemoteException? _gone;
    private int _readers;
    private bool _isClosed;
    private bool _isRetired;
    private bool _storeFailed;
    private bool _isWrong;
    private bool _isChecked;

    /// <summary>True if the verifier's queue was full. Tried again whenever a reader leaves.</summary>
    private bool _isUnchecked;

    /// <summary>Creates one without readers. It owns <paramref name="entry"/>, and disposes it when closed.</summary>
    public ActiveEntry(ObjectName name, RemoteBucket remote, ICacheEntry entry, Fills fills)
    {
        (Name, Remote, Entry, _fills) = (name, remote, entry, fills);
        _running = new RunningFills(this, fills);
    }

    /// <summary>Guards the fills, and which bytes they will bring.</summary>
    public Lock Gate { get; } = new();

    public ObjectName Name { get; }

    public RemoteBucket Remote { get; }

    public ICacheEntry Entry { get; }

    private bool MayFetchAhead => !_storeFailed && _gone is null && !_isRetired && Entry.MayGrow && _fills.MayReadAhead;

    /// <summary>Adds a reader. False if new readers must not use this entry.</summary>
    public bool TryEnter()
    {
        lock (Gate)
        {
            if (_isClosed || _isRetired || _storeFailed || !Entry.MayGrow)
            {
                return false;
            }

            _readers++;
            return true;
        }
    }

    /// <summary>Adds readers that waited for the entry. The caller must be a reader itself.</summary>
    public void Enter(int readers)
    {
        lock (Gate)
        {
            _readers += readers;
        }
    }

    /// <summary>Removes a reader.</summary>
    public ValueTask LeaveAsync()
    {
        lock (Gate)
        {
            if (_isUnchecked)
            {
                CheckChunks();
            }

            if (--_readers == 0)
            {
                _running.Abandon(_fills.Settings.FillOnAbort);
            }
        }

        return CloseIfUnusedAsync();
    }

    /// <summary>
    /// Accepts no new readers; current ones go on. Evict the entry from the store first: otherwise a lookup finds it again, and two active
    /// entries write to one file.
    /// </summary>
    public void Retire()
    {
        lock (Gate)
        {
            _isRetired = true;
        }

        _fills.Objects.Remove(this);
    }

    /// <summary>Stops storing: readers get what is not cached straight from the remote.</summary>
    public void Detach()
    {
        lock (Gate)
        {
            _storeFailed = true;
        }
    }

    /// <summary>The bytes that its fills will bring, in order.</summary>
    public IReadOnlyList<ByteRange> OnTheirWay()
    {
        lock (Gate)
        {
            return _running.OnTheirWay();
        }
    }

    /// <summary>Starts the first fill with the remote's response, then completes the blocks or chunks it touches.</summary>
    public void StartWith(RemoteObject response, FirstRange asked, InFlightTable.PendingFill pending)
    {
        if (response.Range is not { } range)
        {
            pending.Trace.End(Outcomes.Ok);
            _ = response.DisposeAsync().AsTask();
            return;
        }

        lock (Gate)
        {
            _running.StartWith(response, range, asked, pending);
        }
    }

    /// <summary>Starts to fill the given bytes unless they are cached or on their way.</summary>
    public void Prefetch(ByteRange range)
    {
        lock (Gate)
        {
            if (MayFetchAhead)
            {
                _running.Prefetch(range);
            }
        }
    }

    /// <summary>
    /// Starts to fill what a read wants and no fill brings yet, all of it at once: neighbouring reads share the block at their border, and
    /// none waits there for the other. With it comes the window of a sequential read.
    /// </summary>
    public void Bring(ByteRange wanted, ReadAhead ahead, FillSubscription read)
    {
        lock (Gate)
        {
            if (!_storeFailed && _gone is null && Entry.MayGrow)
            {
                _running.Bring(wanted, MayFetchAhead ? ahead : default, read);
            }
        }
    }

    /// <summary>
    /// Fills several consecutive chunks in parallel, and shortens the fill that would have brought them one after the other.
    /// </summary>
    public void Spread(IReadOnlyList<ByteRange> chunks)
    {
        lock (Gate)
        {
            if (chunks.Count > 0 && MayFetchAhead)
            {
                _running.Spread(chunks);
            }
        }
    }

    public void NoRoomAhead() => _fills.PauseReadAhead();

    /// <summary>Waits until a byte is cached. If no fill will bring it, starts one from there to <paramref name="last"/>.</summary>
    /// <param name="position">The byte needed.</param>
    /// <param name="last">The last byte wanted.</param>
    /// <param name="read">The read that needs it.</param>
    /// <param name="cancellationToken">Ends the wait, not the fill.</param>
    /// <exception cref="RemoteException">The remote did not deliver it.</exception>
    public ValueTask<FillProgress> EnsureAsync(long position, long last, FillSubscription read, CancellationToken cancellationToken) =>
        WaitAsync(position, last, read, mayBeOnItsWay: false, cancellationToken);

    /// <summary>
    /// Like <see cref="EnsureAsync"/>, but also returns once the remote has begun to send the byte: this proves that it still has the
    /// version.
    /// </summary>
    public ValueTask<FillProgress> BeginAsync(long position, long last, FillSubscription read, CancellationToken cancellationToken) =>
        WaitAsync(position, last, read, mayBeOnItsWay: true, cancellationToken);

    private async ValueTask<FillProgress> WaitAsync(long position, long last, FillSubscription read, bool mayBeOnItsWay,
        CancellationToken cancellationToken)
    {
        for (Fill? awaited = null; ;)
        {
            Task pulse;
            lock (Gate)
            {
                if (Entry.FirstCached(position) is { } run && run.First <= position)
                {
                    return FillProgress.Ready;
                }

                if (_storeFailed)
                {
                    return FillProgress.NotStored;
                }

                if (_gone is not null)
                {
                    return FillProgress.VersionChanged;
                }

                if (awaited?.Failure is { } failure)
                {
                    throw failure.Anew();
                }

                // A read that has sent nothing yet starts a fill anyway: it must learn about a newer version before its first byte.
                if (!mayBeOnItsWay && !Entry.MayGrow && !_running.Brings(position))
                {
                    return FillProgress.NotStored;
                }

                awaited = _running.Bringing(position, last, read);
                if (mayBeOnItsWay && awaited.HasBegun)
                {
                    return FillProgress.Ready;
                }

                read.Wait(awaited.Trace, awaited.IsOf(read));
                pulse = (_pulse ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await pulse.WaitAsync(cancellationToken);
        }
    }

    public void Began(Fill fill)
    {
        lock (Gate)
        {
            fill.HasBegun = true;
        }

        Pulse();
    }

    /// <summary>Wakes all readers that wait for bytes.</summary>
    public void Pulse()
    {
        TaskCompletionSource? pulse;
        lock (Gate)
        {
            (pulse, _pulse) = (_pulse, null);
        }

        pulse?.TrySetResult();
    }

    /// <summary>Records that a fill failed.</summary>
    /// <returns>The failure that waiting readers get.</returns>
    public async ValueTask<RemoteException> FailedAsync(RemoteException failure)
    {
        Log.FillFailed(_fills.Logger, Name.Bucket, failure.Message);
        if (DriftOf(failure) is { } drift)
        {
            return drift;
        }

        if (!failure.MeansGone)
        {
            return failure;
        }

        await EvictAsync();
        lock (Gate)
        {
            _gone = failure;
        }

        return failure;
    }

    /// <summary>See <see cref="Fills.DriftOf"/>.</summary>
    public RemoteException? DriftOf(RemoteException failure) => _fills.DriftOf(Name.Bucket, Entry, failure);

    /// <summary>Records that bytes can no longer be stored.</summary>
    public async ValueTask StoreFailedAsync(Exception failure)
    {
        Log.CacheFailed(_fills.Logger, Name.Bucket, failure);
        if (failure is not CacheFullException && !_fills.IsFrozen(Entry))
        {
            await EvictAsync();
        }

        Retire();
        lock (Gate)
        {
            _storeFailed = true;
            _running.Abandon(FillOnAbort.Drop);
        }
    }

    /// <summary>Queues the object for verification if it is complete and came in pieces. Readers do not wait for this.</summary>
    /// <remarks>If the queue is full, each leaving reader tries again.</remarks>
    public void CheckChunks()
    {
        lock (Gate)
        {
            if (_isChecked || _isClosed || _isRetired || Entry.Identity.ChunkSize == 0
                || !CacheEntries.Covers(Entry, new ByteRange(0, Entry.Info.Size - 1)))
            {
                return;
            }

            _isChecked = _fills.Checks.TryStart(this);
            _isUnchecked = !_isChecked;
            _readers += _isChecked ? 1 : 0;
        }
    }

    /// <summary>Evicts an object whose bytes do not match its ETag. Current readers go on (table F).</summary>
    public async ValueTask MismatchedAsync()
    {
        lock (Gate)
        {
            if (_isWrong)
            {
                // Two fills that ended together both found it.
                return;
            }

            _isWrong = true;
        }

        Log.FillMismatch(_fills.Logger, Name.Bucket);
        _fills.CountMismatch();
        await EvictAsync();
    }

    /// <summary>Removes a finished fill.</summary>
    /// <param name="fill">The fill.</param>
    /// <param name="outcome">One of <see cref="Outcomes"/>.</param>
    /// <param name="error">A short reason; null on success.</param>
    public ValueTask EndedAsync(Fill fill, string outcome, string? error)
    {
        fill.Trace.End(outcome, error);
        lock (Gate)
        {
            _running.Remove(fill);
        }

        Pulse();
        if (outcome is Outcomes.Ok or Outcomes.Mismatch)
        {
            _fills.CountCompleted();
        }

        return CloseIfUnusedAsync();
    }

    /// <summary>
    /// Evicts the entry and accepts no new readers. If the entry can be hidden in memory, readers do not wait for the store.
    /// </summary>
    private async ValueTask EvictAsync()
    {
        if (Entry.TryWithdraw())
        {
            Retire();
            _ = _fills.EvictFromStoreAsync(this).AsTask().Observed();
            return;
        }

        await _fills.EvictFromStoreAsync(this);
        Retire();
    }

    private async ValueTask CloseIfUnusedAsync()
    {
        lock (Gate)
        {
            if (_readers > 0 || _running.Any || _isClosed)
            {
                return;
            }

            _isClosed = true;
        }

        _fills.Objects.Remove(this);
        await Entry.DisposeAsync();
    }
}
