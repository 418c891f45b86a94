namespace S3Overlay.Tests.Support;

/// <summary>
/// The system's clock, whose timers fire so many times sooner: waits between attempts are over before a test waits for them.
/// </summary>
internal sealed class HurriedTimeProvider(int times) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / times : dueTime, period);
}
