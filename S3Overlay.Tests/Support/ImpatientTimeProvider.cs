namespace S3Overlay.Tests.Support;

/// <summary>
/// The system's clock, on which pauses are over soon: a timer of a few seconds at most, as between attempts, fires a hundred times sooner. Longer ones bound what work
/// may take, and stay: a busy machine must not pass for a server that hangs.
/// </summary>
internal sealed class ImpatientTimeProvider : TimeProvider
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(4);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero && dueTime <= Pause ? dueTime / 100 : dueTime, period);
}
