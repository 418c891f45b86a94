namespace S3Overlay.Proxy.Forwarding.Stores.Held;

/// <summary>Work that nobody waits for, until the end, which waits for it within a bound.</summary>
internal sealed class BackgroundWork : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Set once the end has come: what waits for a better moment waits no longer.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Starts a piece of work, on the pool. It handles its own failures; its token is cancelled when the end waits no longer.</summary>
    public void Start(Func<CancellationToken, Task> work)
    {
        lock (_lock)
        {
            var task = Task.Run(() => work(_stop.Token), CancellationToken.None);
            _running.Add(task);
            _ = task.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>Finishes once nothing runs.</summary>
    public async Task WhenIdleAsync()
    {
        while (true)
        {
            Task[] running;
            lock (_lock)
            {
                running = [.. _running];
            }

            if (running.Length == 0)
            {
                return;
            }

            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        try
        {
            // The system's clock: the end of the process comes in its time.
            await WhenIdleAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            await _stop.CancelAsync();
            await WhenIdleAsync();
        }
    }

    private void Ended(Task task)
    {
        lock (_lock)
        {
            _running.Remove(task);
        }
    }
}
