using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>What fills tell of themselves: how many run and how they end, and who waited for them.</summary>
/// <param name="meters">Counts them; null where nobody counts.</param>
internal sealed class FillTelemetry(OverlayMeters? meters)
{
    private long _completed;
    private long _mismatches;

    /// <summary>How many fills came to their end.</summary>
    public long Completed => Volatile.Read(ref _completed);

    /// <summary>How many whole fills were not what their ETag promised.</summary>
    public long Mismatches => Volatile.Read(ref _mismatches);

    /// <summary>A read that may have to wait for fills.</summary>
    public FillSubscription Follow() => new(meters);

    /// <summary>Tells that a fill begins, which is told of by <see cref="End"/> once more.</summary>
    /// <param name="isAhead">Whether nobody waits for it yet.</param>
    /// <returns>What it tells of itself; null where nobody listens.</returns>
    public FillTrace? Begin(bool isAhead = false)
    {
        meters?.FillStarted();
        return FillTrace.Start(isAhead);
    }

    /// <summary>Tells how a fill ended.</summary>
    /// <param name="trace">What it told of itself; null where nobody listened when it began.</param>
    /// <param name="outcome">How it ended: one of <see cref="Outcomes"/>.</param>
    /// <param name="error">What went wrong, in a word; null where nothing did.</param>
    public void End(FillTrace? trace, string outcome, string? error = null)
    {
        trace?.End(outcome, error);
        meters?.FillEnded(outcome);
    }

    /// <summary>Counts a fill that came to its end.</summary>
    public void CountCompleted() => Interlocked.Increment(ref _completed);

    /// <summary>Counts a fill that was not what its ETag promised.</summary>
    public void CountMismatch() => Interlocked.Increment(ref _mismatches);
}
