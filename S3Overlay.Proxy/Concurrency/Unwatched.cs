namespace S3Overlay.Proxy.Concurrency;

/// <summary>Tasks that may fail after every waiter is gone.</summary>
internal static class Unwatched
{
    /// <summary>Returns the same task. Waiters see its failure; without any, the runtime does not report it either.</summary>
    public static T Observed<T>(this T task)
        where T : Task
    {
        _ = task.ContinueWith(static failed => failed.Exception,
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return task;
    }
}
