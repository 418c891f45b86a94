namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>
/// How many requests an endpoint is given at once: any number, until it says that this is too many. Then half of what it had, and one more
/// for each round of answers from there on, as TCP does it, until nothing has to wait any more. A request is counted until its answer
/// begins.
/// </summary>
internal sealed class AdaptiveConcurrencyLimit
{
    /// <summary>A limit beyond this is none.</summary>
    private const int Most = 1000;

    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private double _limit = double.PositiveInfinity;
    private long _started;
    private long _startedWhenLowered;
    private int _running;

    /// <summary>How many requests there may be at once; infinity for any number.</summary>
    public double Limit
    {
        get
        {
            lock (_lock)
            {
                return _limit;
            }
        }
    }

    /// <summary>Waits for a turn, which is to be given back by <see cref="Leave"/>.</summary>
    /// <returns>What to give back.</returns>
    public async ValueTask<long> EnterAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource> place;
        lock (_lock)
        {
            if (_running < _limit)
            {
                _running++;
                return ++_started;
            }

            place = _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        await using var _ = cancellationToken.Register(() => Cancel(place, cancellationToken));
        await place.Value.Task;
        lock (_lock)
        {
            return ++_started;
        }
    }

    /// <summary>Gives a turn back.</summary>
    /// <param name="turn">What <see cref="EnterAsync"/> returned.</param>
    /// <param name="isTooMany">Whether the endpoint said that there were too many requests; null where it said nothing.</param>
    public void Leave(long turn, bool? isTooMany)
    {
        lock (_lock)
        {
            if (isTooMany is true && turn > _startedWhenLowered)
            {
                // Those that were under way together are told so together, and that once.
                (_limit, _startedWhenLowered) = (Math.Max(1, Math.Floor(Math.Min(_running, _limit) / 2)), _started);
            }
            else if (isTooMany is false && _limit < double.PositiveInfinity)
            {
                _limit += 1 / _limit;
                _limit = _limit > Most ? double.PositiveInfinity : _limit;
            }

            _running--;
            while (_running < _limit && _waiting.First is { } next)
            {
                _waiting.RemoveFirst();
                _running += next.Value.TrySetResult() ? 1 : 0;
            }
        }
    }

    private void Cancel(LinkedListNode<TaskCompletionSource> place, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (place.List is not null)
            {
                _waiting.Remove(place);
            }
        }

        place.Value.TrySetCanceled(cancellationToken);
    }
}
