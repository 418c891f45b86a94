using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// The first request of a miss, shared by all reads that arrive while it runs (rule C1). Not cancelled with the first caller: others may be
/// waiting.
/// </summary>
internal sealed class PendingFill(FillTrace? trace, FillSubscription starter)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancel = new();
    private int _waiting = 1;
    private bool _isStarterGone;
    private ActiveEntry? _active;
    private RemoteObject? _uncached;

    /// <summary>Cancelled when the last waiting read left and fills do not finish on their own.</summary>
    public CancellationToken Cancellation => _cancel.Token;

    /// <summary>Null when tracing is off.</summary>
    public FillTrace? Trace => trace;

    public FillSubscription Starter => starter;

    /// <summary>True if no request was needed: another pending fill had just completed. Set before this one completes.</summary>
    public bool FoundFilled { get; set; }

    /// <summary>Why the remote did not deliver the object. Valid once completed; null otherwise.</summary>
    public RemoteException? Failure { get; private set; }

    /// <summary>The number of waiting reads.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting;
            }
        }
    }

    /// <summary>Adds a waiting read. False if already completed.</summary>
    public bool TryJoin()
    {
        lock (_lock)
        {
            if (_done.Task.IsCompleted)
            {
                return false;
            }

            _waiting++;
            return true;
        }
    }

    /// <summary>
    /// Waits for the entry; the caller is then one of its readers. Null after a <see cref="Failure"/>, and if the object cannot be cached:
    /// the starter gets the response from <see cref="TakeUncached"/>, the others ask the remote themselves.
    /// </summary>
    public async Task<ActiveEntry?> WaitAsync(bool isStarter, bool abortsWhenLeft, CancellationToken cancellationToken)
    {
        try
        {
            await _done.Task.WaitAsync(cancellationToken);
            return _active;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await LeaveAsync(isStarter, abortsWhenLeft);
            throw;
        }
    }

    /// <summary>The remote's response. The caller disposes it.</summary>
    public RemoteObject? TakeUncached() => Interlocked.Exchange(ref _uncached, null);

    /// <summary>Completes with an entry.</summary>
    public void Open(ActiveEntry active)
    {
        lock (_lock)
        {
            _active = active;
            active.Enter(_waiting);
            _done.SetResult();
        }
    }

    /// <summary>Completes with a response that cannot be cached.</summary>
    public async ValueTask PassOnAsync(RemoteObject uncached)
    {
        bool isGone;
        lock (_lock)
        {
            isGone = _isStarterGone;
            _uncached = uncached;
            _done.SetResult();
        }

        if (isGone && TakeUncached() is { } left)
        {
            await left.DisposeAsync();
        }
    }

    /// <summary>Completes with a failure.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            if (failure is RemoteException refused)
            {
                Failure = refused;
                _done.SetResult();
                return;
            }

            _done.SetException(failure);
            _ = _done.Task.Exception;
        }
    }

    private async ValueTask LeaveAsync(bool isStarter, bool abortsWhenLeft)
    {
        ActiveEntry? active;
        var isLast = false;
        lock (_lock)
        {
            active = _active;
            _isStarterGone |= isStarter;
            if (!_done.Task.IsCompleted)
            {
                isLast = --_waiting == 0;
            }
        }

        if (active is not null)
        {
            await active.LeaveAsync();
        }
        else if (isLast && abortsWhenLeft)
        {
            await _cancel.CancelAsync();
        }

        if (isStarter && _done.Task.IsCompleted && TakeUncached() is { } left)
        {
            await left.DisposeAsync();
        }
    }
}
