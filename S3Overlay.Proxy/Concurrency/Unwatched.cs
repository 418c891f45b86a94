namespace S3Overlay.Proxy.Concurrency;

/// <summary>Work that may fail when nobody waits for it any more: those who asked have left, or failed for another reason first.</summary>
internal static class Unwatched
{
    /// <summary>The same task. Whoever waits for it sees its failure; where nobody does, it is no news to the runtime either.</summary>
    public static T Observed<T>(this T task)
        where T : Task
    {
        _ = task.ContinueWith(
            static failed => failed.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return task;
    }
}
