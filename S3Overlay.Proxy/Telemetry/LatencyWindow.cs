namespace S3Overlay.Proxy.Telemetry;

/// <summary>The quantiles of what a histogram recorded since the last time they were read.</summary>
internal sealed class LatencyWindow(LatencyHistogram durations)
{
    private long[] _last = durations.Counts();

    /// <summary>The quantiles since the last call.</summary>
    public LatencyPair Next()
    {
        var (counts, last) = (durations.Counts(), _last);
        _last = counts;
        long[] since = [.. counts.Zip(last, static (now, before) => now - before)];
        return new(LatencyHistogram.Quantile(since, 0.5), LatencyHistogram.Quantile(since, 0.99));
    }
}
