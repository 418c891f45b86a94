using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Filling;

/// <summary>
/// Compares objects that are held in chunks, and whose last chunk has come, with what the remote promised of them: chunks are right each by itself as far as anybody can tell, and are sent before
/// the others are there. Nobody waits for it. One object at a time is read, so that it takes a processor's time at most, and no memory to speak of.
/// </summary>
/// <param name="logger">Where failures are told.</param>
internal sealed class WholeChecks(ILogger logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>Begins to compare an object, of which the caller has become a reader for this.</summary>
    public void Start(HeldObject held)
    {
        lock (_running)
        {
            var task = Task.Run(() => RunAsync(held));
            _running.Add(task);
            _ = task.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <inheritdoc/>
    /// <remarks>What is not compared by then is compared when a chunk of it is fetched again, if ever: that is no reason to hold up the end.</remarks>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] running;
        lock (_running)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running);
    }

    private async Task RunAsync(HeldObject held)
    {
        try
        {
            await _turn.WaitAsync(_stop.Token);
            try
            {
                if (await ReadBack.IsRightAsync(held.Copy, _stop.Token) == false)
                {
                    await held.MismatchedAsync();
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The end has come.
        }
        catch (Exception failure)
        {
            Log.HeldCheckFailed(logger, held.Name.Bucket, failure);
        }
        finally
        {
            await held.LeaveAsync();
        }
    }

    private void Ended(Task task)
    {
        lock (_running)
        {
            _running.Remove(task);
        }
    }
}
