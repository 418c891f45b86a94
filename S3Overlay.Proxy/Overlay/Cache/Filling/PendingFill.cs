using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// The first request for an object of which nothing is held: one for however many clients ask meanwhile (rule C1). It runs apart from all
/// of them, so that the one who happened to be first can leave.
/// </summary>
/// <param name="trace">What the fill that it begins tells of itself; null where nobody listens.</param>
/// <param name="starter">The read that was first.</param>
internal sealed class PendingFill(FillTrace? trace, FillSubscription starter)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancel = new();
    private int _waiting = 1;
    private bool _isStarterGone;
    private ActiveEntry? _held;
    private RemoteObject? _unheld;

    /// <summary>Ends the request where nobody waits for it any more, and fills are not to be finished.</summary>
    public CancellationToken Cancellation => _cancel.Token;

    /// <summary>What the fill that it begins tells of itself; null where nobody listens.</summary>
    public FillTrace? Trace => trace;

    /// <summary>The read that was first.</summary>
    public FillSubscription Starter => starter;

    /// <summary>Whether nothing was asked for: another opening had come to its end just before. Set before this one ends.</summary>
    public bool FoundFilled { get; set; }

    /// <summary>How many wait.</summary>
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

    /// <summary>One more who waits; false where it is over already.</summary>
    public bool TryJoin()
    {
        lock (_lock)
        {
            if (_opened.Task.IsCompleted)
            {
                return false;
            }

            _waiting++;
            return true;
        }
    }

    /// <summary>
    /// Waits. The object has the caller as a reader then. Null where this cannot be held: the one who started it has the remote's answer
    /// by <see cref="TakeUnheld"/>, the others ask for themselves.
    /// </summary>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    public async Task<ActiveEntry?> WaitAsync(bool isStarter, bool dropsWhenLeft, CancellationToken cancellationToken)
    {
        try
        {
            await _opened.Task.WaitAsync(cancellationToken);
            return _held;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await LeaveAsync(isStarter, dropsWhenLeft);
            throw;
        }
    }

    /// <summary>The remote's answer, which is the taker's to dispose.</summary>
    public RemoteObject? TakeUnheld() => Interlocked.Exchange(ref _unheld, null);

    /// <summary>Ends with an object that has a reader for each who waits.</summary>
    public void Open(ActiveEntry held)
    {
        lock (_lock)
        {
            _held = held;
            held.Enter(_waiting);
            _opened.SetResult();
        }
    }

    /// <summary>Ends with an answer that cannot be held.</summary>
    public async ValueTask PassOnAsync(RemoteObject unheld)
    {
        bool isGone;
        lock (_lock)
        {
            isGone = _isStarterGone;
            _unheld = unheld;
            _opened.SetResult();
        }

        if (isGone && TakeUnheld() is { } left)
        {
            await left.DisposeAsync();
        }
    }

    /// <summary>Ends with a failure.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            _opened.SetException(failure);
            _ = _opened.Task.Exception;
        }
    }

    private async ValueTask LeaveAsync(bool isStarter, bool dropsWhenLeft)
    {
        ActiveEntry? held;
        var isLast = false;
        lock (_lock)
        {
            held = _held;
            _isStarterGone |= isStarter;
            if (!_opened.Task.IsCompleted)
            {
                isLast = --_waiting == 0;
            }
        }

        if (held is not null)
        {
            await held.LeaveAsync();
        }
        else if (isLast && dropsWhenLeft)
        {
            await _cancel.CancelAsync();
        }

        if (isStarter && _opened.Task.IsCompleted && TakeUnheld() is { } left)
        {
            await left.DisposeAsync();
        }
    }
}
