namespace S3Overlay.Proxy.Concurrency;

/// <summary>Work that no client waits for; the end does, within a bound.</summary>
internal sealed class BackgroundWork : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>What pieces of work wait for that rest.</summary>
    private readonly HashSet<Task> _moments = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource? _changed;

    /// <summary>How long the end waits for what runs, before that is cancelled.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the end has come: what rests from now on rests for no time.</summary>
    public bool IsClosing => _closing.IsCancellationRequested;

    /// <summary>
    /// Starts a piece of work, on the pool. It handles its own failures; its token is cancelled when the end waits no longer.
    /// </summary>
    public void Start(Func<CancellationToken, Task> work)
    {
        lock (_lock)
        {
            Add(Task.Run(() => work(_stop.Token), CancellationToken.None));
        }
    }

    /// <summary>Does a piece of work that somebody may wait for, and the end does in any case.</summary>
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

    /// <summary>
    /// Waits, within a piece of work, for a better moment: it rests meanwhile. Once the end has come, that moment is now.
    /// </summary>
    public async Task RestAsync(TimeSpan wait, TimeProvider time)
    {
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        var moment = Task.Delay(wait, time, _closing.Token);
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

    /// <summary>Finishes once nothing runs, but for what rests: that waits for the clock alone.</summary>
    /// <returns>Whether something rests.</returns>
    public async Task<bool> WhenIdleAsync()
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                // One whose moment has come runs, though it may not have noticed yet.
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
            // The system's clock: the end of the process comes in its time.
            await WhenIdleAsync().WaitAsync(Timeout);
        }
        catch (TimeoutException)
        {
            await _stop.CancelAsync();
            await WhenIdleAsync();
        }
    }

    /// <summary>The caller has the lock.</summary>
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
