namespace S3Overlay.Testing;

/// <summary>The requests of a scripted remote, in order of arrival.</summary>
internal sealed class RequestLog
{
    private readonly Lock _lock = new();
    private readonly List<ScriptedRequest> _requests = [];
    private TaskCompletionSource _arrival = NewArrival();

    public void Add(ScriptedRequest request)
    {
        TaskCompletionSource arrival;
        lock (_lock)
        {
            _requests.Add(request);
            (arrival, _arrival) = (_arrival, NewArrival());
        }

        arrival.SetResult();
    }

    public IReadOnlyList<ScriptedRequest> Of(ScriptedTarget target)
    {
        lock (_lock)
        {
            return _requests.FindAll(target.Includes);
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _requests.Clear();
        }
    }

    /// <summary>Finishes once there are so many requests for a target.</summary>
    public async Task WaitAsync(ScriptedTarget target, int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task arrival;
            lock (_lock)
            {
                if (_requests.Count(target.Includes) >= count)
                {
                    return;
                }

                arrival = _arrival.Task;
            }

            await arrival.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource NewArrival() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
