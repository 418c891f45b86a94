using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// One version of a remote-owned object while somebody reads or fills it: its copy, the fills under way, and a way to wait for bytes. It
/// vanishes with its last user.
/// </summary>
internal sealed class ActiveEntry
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

    /// <summary>Whether there was no place for it among those that are to be compared.</summary>
    private bool _isUnchecked;

    /// <summary>One that nobody reads yet.</summary>
    /// <param name="name">The object as clients name it.</param>
    /// <param name="remote">Where it comes from.</param>
    /// <param name="copy">What is held of it; disposed with the last user.</param>
    /// <param name="fills">What it is one of.</param>
    public ActiveEntry(ObjectName name, RemoteBucket remote, ICacheEntry copy, Fills fills)
    {
        (Name, Remote, Copy, _fills) = (name, remote, copy, fills);
        _running = new RunningFills(this, fills);
    }

    /// <summary>Guards what fills have to do.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The object as clients name it.</summary>
    public ObjectName Name { get; }

    /// <summary>Where it comes from.</summary>
    public RemoteBucket Remote { get; }

    /// <summary>What is held of it.</summary>
    public ICacheEntry Copy { get; }

    private bool MayFetchAhead => !_storeFailed && _gone is null && !_isRetired && Copy.MayGrow && _fills.ReadAheadBackoff.IsThere;

    /// <summary>One more reader; false where this is no longer to be read.</summary>
    public bool TryEnter()
    {
        lock (Gate)
        {
            if (_isClosed || _isRetired || _storeFailed || !Copy.MayGrow)
            {
                return false;
            }

            _readers++;
            return true;
        }
    }

    /// <summary>Readers who waited for it to be opened. Whoever calls this is a user itself.</summary>
    public void Enter(int readers)
    {
        lock (Gate)
        {
            _readers += readers;
        }
    }

    /// <summary>One reader less.</summary>
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
    /// No new readers: the copy is no longer the one to read. Those who are there go on. Where the copy is to be dropped, that comes first:
    /// one that is still found would be made another object of the same file.
    /// </summary>
    public void Retire()
    {
        lock (Gate)
        {
            _isRetired = true;
        }

        _fills.Objects.Remove(this);
    }

    /// <summary>Nothing is stored into the copy by this one: what is not held of it goes to readers directly.</summary>
    public void Detach()
    {
        lock (Gate)
        {
            _storeFailed = true;
        }
    }

    /// <summary>Goes on with the remote's answer that opened the object: its bytes, then what makes the touched chunks whole.</summary>
    /// <param name="answered">The answer.</param>
    /// <param name="opening">What asked for it.</param>
    public void StartWith(RemoteObject answered, PendingFill opening)
    {
        if (answered.Range is not { } range)
        {
            _fills.Telemetry.End(opening.Trace, Outcomes.Ok);
            _ = answered.DisposeAsync().AsTask();
            return;
        }

        lock (Gate)
        {
            _running.StartWith(answered, range, opening);
        }
    }

    /// <summary>Starts to fetch what is neither held nor being fetched of some bytes, whether or not anybody waits for them.</summary>
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
    /// The same of several chunks behind one another, each by a request of its own: what one fill would bring in a row is taken over from
    /// it.
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

    /// <summary>What was fetched ahead found no room.</summary>
    public void NoRoomAhead() => _fills.ReadAheadBackoff.NoteNone();

    /// <summary>
    /// Returns once a byte is held: fetched for this call where nobody fetches it yet, for as much as is wanted from there on.
    /// </summary>
    /// <param name="position">The byte.</param>
    /// <param name="last">The last byte wanted.</param>
    /// <param name="read">The read that needs it.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="RemoteException">It could not be fetched.</exception>
    /// <exception cref="VersionChangedException">The remote has another version by now.</exception>
    /// <exception cref="StoreFailedException">What comes cannot be stored, or is not to be.</exception>
    public ValueTask EnsureAsync(long position, long last, FillSubscription read, CancellationToken cancellationToken) =>
        WaitAsync(position, last, read, mayBeOnItsWay: false, cancellationToken);

    /// <summary>
    /// Returns once a byte is held, or the remote has begun to answer with it: that it has this version still is known then. Otherwise as
    /// <see cref="EnsureAsync"/>.
    /// </summary>
    public ValueTask BeginAsync(long position, long last, FillSubscription read, CancellationToken cancellationToken) =>
        WaitAsync(position, last, read, mayBeOnItsWay: true, cancellationToken);

    private async ValueTask WaitAsync(long position, long last, FillSubscription read, bool mayBeOnItsWay,
        CancellationToken cancellationToken)
    {
        for (Fill? awaited = null; ;)
        {
            Task pulse;
            lock (Gate)
            {
                if (Copy.FirstHeld(position) is { } held && held.First <= position)
                {
                    return;
                }

                if (_storeFailed)
                {
                    throw new StoreFailedException();
                }

                if (_gone is not null)
                {
                    throw new VersionChangedException(_gone);
                }

                if (awaited?.Failure is { } failure)
                {
                    throw failure.Anew();
                }

                // Whoever has been sent nothing yet begins a fill all the same: of another version he is to know before.
                if (!mayBeOnItsWay && !Copy.MayGrow && !_running.Brings(position))
                {
                    throw new StoreFailedException();
                }

                awaited = _running.Bringing(position, last, read);
                if (mayBeOnItsWay && awaited.HasBegun)
                {
                    return;
                }

                read.Wait(awaited.Trace, awaited.IsOf(read));
                pulse = (_pulse ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await pulse.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The remote has begun to answer a fill.</summary>
    public void Began(Fill fill)
    {
        lock (Gate)
        {
            fill.HasBegun = true;
        }

        Pulse();
    }

    /// <summary>Wakes who waits for bytes.</summary>
    public void Pulse()
    {
        TaskCompletionSource? pulse;
        lock (Gate)
        {
            (pulse, _pulse) = (_pulse, null);
        }

        pulse?.TrySetResult();
    }

    /// <summary>A fill could not go on.</summary>
    /// <returns>What those are told who wait for it.</returns>
    public async ValueTask<RemoteException> FailedAsync(RemoteException failure)
    {
        Log.FillFailed(_fills.Logger, Name.Bucket, failure.Message);
        if (!RemoteReads.MeansGone(failure))
        {
            return failure;
        }

        if (_fills.IsFrozen(Copy))
        {
            return _fills.Drift.Of(Name.Bucket, failure);
        }

        await DropAsync();
        lock (Gate)
        {
            _gone = failure;
        }

        return failure;
    }

    /// <summary>What a reader is told to whom the remote said that it has not this version any more.</summary>
    public Exception Gone(RemoteException failure) => _fills.IsFrozen(Copy) ? _fills.Drift.Of(Name.Bucket, failure)
        : new VersionChangedException(failure);

    /// <summary>What comes can no longer be stored.</summary>
    public async ValueTask StoreFailedAsync(Exception failure)
    {
        Log.HeldStoreFailed(_fills.Logger, Name.Bucket, failure);
        if (failure is not CacheFullException && !_fills.IsFrozen(Copy))
        {
            await DropAsync();
        }

        Retire();
        lock (Gate)
        {
            _storeFailed = true;
            _running.Abandon(FillOnAbort.Drop);
        }
    }

    /// <summary>
    /// A fill has brought what was missing of some chunks. Where that was the last of the object, and it came in pieces, all of it is
    /// compared with what the remote promised, while it is read already.
    /// </summary>
    /// <remarks>Where many wait for that, it is tried again whenever a reader leaves: until then it does not count as compared.</remarks>
    public void CheckChunks()
    {
        lock (Gate)
        {
            if (_isChecked || _isClosed || _isRetired || Copy.Identity.ChunkSize == 0
                || !CacheEntries.Covers(Copy, new ByteRange(0, Copy.Info.Size - 1)))
            {
                return;
            }

            _isChecked = _fills.Checks.TryStart(this);
            _isUnchecked = !_isChecked;
            _readers += _isChecked ? 1 : 0;
        }
    }

    /// <summary>The bytes came whole and are not what their ETag promises: not held, but nobody is cut (table F).</summary>
    public async ValueTask MismatchedAsync()
    {
        lock (Gate)
        {
            if (_isWrong)
            {
                // Two fills that ended at once found it both.
                return;
            }

            _isWrong = true;
        }

        Log.FillMismatch(_fills.Logger, Name.Bucket);
        _fills.Telemetry.CountMismatch();
        await DropAsync();
    }

    /// <summary>A fill is over.</summary>
    /// <param name="fill">The fill.</param>
    /// <param name="outcome">How it ended: one of <see cref="Outcomes"/>.</param>
    /// <param name="error">What went wrong, in a word; null where nothing did.</param>
    public ValueTask EndedAsync(Fill fill, string outcome, string? error)
    {
        _fills.Telemetry.End(fill.Trace, outcome, error);
        lock (Gate)
        {
            _running.Remove(fill);
        }

        Pulse();
        if (outcome is Outcomes.Ok or Outcomes.Mismatch)
        {
            _fills.Telemetry.CountCompleted();
        }

        return CloseIfUnusedAsync();
    }

    /// <summary>
    /// Drops the copy and takes no new readers. Those who are there do not wait for calls of a store: where the copy can be hidden at once,
    /// it is taken out behind them.
    /// </summary>
    private async ValueTask DropAsync()
    {
        if (Copy.TryWithdraw())
        {
            Retire();
            _ = _fills.DropAsync(this).AsTask().Observed();
            return;
        }

        await _fills.DropAsync(this);
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
        await Copy.DisposeAsync();
    }
}
