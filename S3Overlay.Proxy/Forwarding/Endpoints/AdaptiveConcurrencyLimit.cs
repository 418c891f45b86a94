namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// Limits concurrent requests to an endpoint. There is no limit until the endpoint throttles. Then the limit is halved and grows by one per
/// round of responses, as in TCP, until nothing waits. A request counts until its response begins.
/// </summary>
internal sealed class AdaptiveConcurrencyLimit
{
    /// <summary>Above this, the limit is lifted.</summary>
    private const int Most = 1000;

    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private double _limit = double.PositiveInfinity;
    private long _started;
    private long _startedWhenLowered;
    private int _running;

    /// <summary>The current limit; infinity for none.</summary>
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

    /// <summary>Waits for a turn. Return it with <see cref="Leave"/>.</summary>
    /// <returns>The turn, for <see cref="Leave"/>.</returns>
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

    /// <summary>Returns a turn.</summary>
    /// <param name="turn">What <see cref="EnterAsync"/> returned.</param>
    /// <param name="isTooMany">Whether the endpoint throttled this request; null if it gave no response.</param>
    public void Leave(long turn, bool? isTooMany)
    {
        lock (_lock)
        {
            if (isTooMany is true && turn > _startedWhenLowered)
            {
                // Requests that ran together are throttled together: they lower the limit once.
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
