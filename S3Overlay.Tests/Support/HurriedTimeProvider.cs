namespace S3Overlay.Tests.Support;

/// <summary>The system's clock with faster timers, so that pauses between attempts are short.</summary>
internal sealed class HurriedTimeProvider(int times) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / times : dueTime, period);
}
