namespace S3Overlay.Proxy.Protocol;

/// <summary>Waits for work that continues after the wait.</summary>
internal static class Waits
{
    /// <summary>True once the work ends or the caller cancels, so that waiting on is useless; false after the time limit.</summary>
    public static async Task<bool> EndsWithinAsync(Task running, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        if (running.IsCompleted)
        {
            return true;
        }

        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(running, Task.Delay(limit, time, waiting.Token));
        await waiting.CancelAsync();
        return first == running || cancellationToken.IsCancellationRequested;
    }
}
