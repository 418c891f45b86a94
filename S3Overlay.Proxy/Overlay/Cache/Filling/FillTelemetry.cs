using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>Counts and traces fills.</summary>
internal sealed class FillTelemetry(OverlayMeters? meters)
{
    private long _completed;
    private long _mismatches;

    public long Completed => Volatile.Read(ref _completed);

    /// <summary>Complete fills whose bytes did not match the ETag.</summary>
    public long Mismatches => Volatile.Read(ref _mismatches);

    public FillSubscription Follow() => new(meters);

    /// <summary>Records the start of a fill. Call <see cref="End"/> once.</summary>
    /// <param name="isAhead">True for read-ahead.</param>
    /// <returns>Null when tracing is off.</returns>
    public FillTrace? Begin(bool isAhead = false)
    {
        meters?.FillStarted();
        return FillTrace.Start(isAhead);
    }

    /// <summary>Records the end of a fill.</summary>
    /// <param name="trace">Null if the fill is not traced.</param>
    /// <param name="outcome">One of <see cref="Outcomes"/>.</param>
    /// <param name="error">A short reason; null on success.</param>
    public void End(FillTrace? trace, string outcome, string? error = null)
    {
        trace?.End(outcome, error);
        meters?.FillEnded(outcome);
    }

    public void CountCompleted() => Interlocked.Increment(ref _completed);

    public void CountMismatch() => Interlocked.Increment(ref _mismatches);
}
