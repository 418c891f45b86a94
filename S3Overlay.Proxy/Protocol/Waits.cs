namespace S3Overlay.Proxy.Protocol;

/// <summary>Waiting for work that goes on whatever becomes of the wait.</summary>
internal static class Waits
{
    /// <summary>Whether the work ends within a time, or whoever waits gives up; either way there is no use in waiting on.</summary>
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
