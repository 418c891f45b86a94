using System.Diagnostics;
using System.Diagnostics.Metrics;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// What the proxy counts. Labels are bounded on purpose: operation, status, layer; never a bucket or a key (ten thousand keys once made a
/// metrics page of 28 MB in a predecessor). Counts are plain cells that somebody reads on demand, so that a request pays an increment and
/// no dictionary.
/// </summary>
public sealed class ProxyMeters : IDisposable
{
    /// <summary>The meter's name, for whoever exports it.</summary>
    public const string MeterName = "S3Overlay.Proxy";

    private const int Statuses = 600;

    /// <summary>From a warm small read to a long upload, in seconds.</summary>
    private static readonly double[] DurationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private static readonly S3Operation[] Operations = Enum.GetValues<S3Operation>();
    private static readonly KeyValuePair<string, object?>[] OperationTags =
        [.. Operations.Select(operation => new KeyValuePair<string, object?>("operation", operation.ToString()))];

    private readonly long[] _answers = new long[Operations.Length * Statuses];
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _objectReads;
    private long _inProgress;

    /// <summary>Makes the instruments.</summary>
    public ProxyMeters()
    {
        Meter = new(MeterName);
        Meter.CreateObservableCounter("s3_overlay_requests_total", () => Answers(0), description: "S3 requests answered.");
        Meter.CreateObservableCounter("s3_overlay_requests_error_total", () => Answers(500), description: "S3 requests answered with a status of 500 or more.");
        Meter.CreateObservableUpDownCounter("s3_overlay_requests_in_progress", () => Volatile.Read(ref _inProgress), description: "S3 requests being answered.");
        _duration = Meter.CreateHistogram(
            "s3_overlay_request_duration_seconds",
            unit: "s",
            description: "Time to answer an S3 request, body included.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        _objectReads = Meter.CreateCounter<long>(
            "s3_overlay_object_reads_total", description: "Objects read in buckets with a remote, by the layer that answered and the cache's part in it.");
    }

    /// <summary>The meter itself: what tells two proxies in one process apart, and where other parts add instruments.</summary>
    public Meter Meter { get; }

    /// <summary>Notes that a request came in. The result is handed to <see cref="RequestFinished"/>.</summary>
    public long RequestStarted()
    {
        Interlocked.Increment(ref _inProgress);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Notes that a request was answered, or given up.</summary>
    public void RequestFinished(long started, S3Operation operation, int status)
    {
        Interlocked.Decrement(ref _inProgress);
        Interlocked.Increment(ref _answers[((int)operation * Statuses) + Math.Clamp(status, 0, Statuses - 1)]);
        _duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, OperationTags[(int)operation]);
    }

    /// <summary>Notes which layer answered an object read, and how (rule T4).</summary>
    /// <param name="layer"><c>local</c>, <c>cache</c> or <c>remote</c>.</param>
    /// <param name="cache"><c>HIT</c>, <c>MISS</c> ..., or <c>none</c> for what was written here.</param>
    public void ObjectRead(string layer, string cache) => _objectReads.Add(1, new("layer", layer), new("cache", cache));

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private IEnumerable<Measurement<long>> Answers(int fromStatus)
    {
        for (var operation = 0; operation < Operations.Length; operation++)
        {
            for (var status = fromStatus; status < Statuses; status++)
            {
                if (Volatile.Read(ref _answers[(operation * Statuses) + status]) is var count and > 0)
                {
                    yield return new(count, OperationTags[operation], new("status", status));
                }
            }
        }
    }
}
