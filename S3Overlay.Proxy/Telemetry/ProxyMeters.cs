using System.Diagnostics;
using System.Diagnostics.Metrics;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// What the proxy counts. Labels are bounded on purpose: operation, status, layer; never a bucket or a key (ten thousand keys once made a
/// metrics page of 28 MB in a predecessor).
/// </summary>
public sealed class ProxyMeters : IDisposable
{
    /// <summary>The meter's name, for whoever exports it.</summary>
    public const string MeterName = "S3Overlay.Proxy";

    /// <summary>The upper bounds of the duration histogram, in seconds: from a warm small read to a long upload.</summary>
    public static readonly double[] DurationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _requests;
    private readonly UpDownCounter<long> _inProgress;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _objectReads;

    /// <summary>Makes the instruments.</summary>
    public ProxyMeters()
    {
        _requests = _meter.CreateCounter<long>("s3_overlay_requests_total", description: "S3 requests answered.");
        _inProgress = _meter.CreateUpDownCounter<long>("s3_overlay_requests_in_progress", description: "S3 requests being answered.");
        _duration = _meter.CreateHistogram(
            "s3_overlay_request_duration_seconds",
            unit: "s",
            description: "Time to answer an S3 request, body included.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        _errors = _meter.CreateCounter<long>("s3_overlay_requests_error_total", description: "S3 requests answered with a status of 500 or more.");
        _objectReads = _meter.CreateCounter<long>(
            "s3_overlay_object_reads_total", description: "Objects read in buckets with a remote, by the layer that answered and by cache result.");
    }

    /// <summary>The meter itself: what tells two proxies in one process apart.</summary>
    public Meter Meter => _meter;

    /// <summary>Notes that a request came in. The result is handed to <see cref="RequestFinished"/>.</summary>
    public long RequestStarted()
    {
        _inProgress.Add(1);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Notes that a request was answered, or given up.</summary>
    public void RequestFinished(long started, S3Operation operation, int status)
    {
        _inProgress.Add(-1);
        var tags = new TagList { { "operation", operation }, { "status", status } };
        _requests.Add(1, tags);
        _duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("operation", operation));
        if (status >= 500)
        {
            _errors.Add(1, tags);
        }
    }

    /// <summary>Notes which layer answered an object read, and how (rule T4).</summary>
    /// <param name="layer"><c>local</c>, <c>cache</c> or <c>remote</c>.</param>
    /// <param name="cache"><c>HIT</c>, <c>MISS</c> ... or <c>none</c> for what was written here.</param>
    public void ObjectRead(string layer, string cache) => _objectReads.Add(1, new TagList { { "layer", layer }, { "cache", cache } });

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
