namespace S3Overlay.Proxy.Concurrency;

/// <summary>Work that no client waits for. Shutdown waits for it, for a limited time.</summary>
internal sealed class BackgroundWork : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>The delays of work that rests.</summary>
    private readonly HashSet<Task> _moments = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource? _changed;

    /// <summary>How long shutdown waits before it cancels the rest.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether shutdown has begun. Work no longer rests then.</summary>
    public bool IsClosing => _closing.IsCancellationRequested;

    /// <summary>Starts work on the thread pool. It handles its own failures; its token is cancelled when shutdown stops waiting.</summary>
    public void Start(Func<CancellationToken, Task> work)
    {
        lock (_lock)
        {
            Add(Task.Run(() => work(_stop.Token), CancellationToken.None));
        }
    }

    /// <summary>Runs work that the caller may wait for, and shutdown always does.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var task = work(both.Token);
        lock (_lock)
        {
            Add(task);
        }

        await task;
    }

    /// <summary>Delays a piece of work from within. Ends at once when shutdown begins.</summary>
    public Task RestAsync(TimeSpan wait, TimeProvider time) => RestUntilAsync(wait, time, CancellationToken.None);

    /// <summary>The same, which also ends when it is woken.</summary>
    public async Task RestUntilAsync(TimeSpan wait, TimeProvider time, CancellationToken wake)
    {
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token, wake);
        var moment = Task.Delay(wait, time, ends.Token);
        lock (_lock)
        {
            _moments.Add(moment);
        }

        Changed();
        await moment.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _moments.Remove(moment);
        }
    }

    /// <summary>Completes once no work runs, except for work that rests.</summary>
    /// <returns>Whether some work rests.</returns>
    public async Task<bool> WhenIdleAsync()
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                // Work whose delay is over counts as running, even if it has not resumed yet.
                var resting = _moments.Count(static moment => !moment.IsCompleted);
                if (_running.Count == resting)
                {
                    return resting > 0;
                }

                changed = (_changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await changed;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        try
        {
            // The system's clock: the process must end on time.
            await WhenIdleAsync().WaitAsync(Timeout);
        }
        catch (TimeoutException)
        {
            await _stop.CancelAsync();
            await WhenIdleAsync();
        }
    }

    /// <summary>The caller holds the lock.</summary>
    private void Add(Task task)
    {
        _running.Add(task);
        _ = task.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Ended(Task task)
    {
        lock (_lock)
        {
            _running.Remove(task);
        }

        Changed();
    }

    private void Changed()
    {
        TaskCompletionSource? changed;
        lock (_lock)
        {
            (changed, _changed) = (_changed, null);
        }

        changed?.SetResult();
    }
}
