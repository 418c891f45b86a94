using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// The proxy's metrics. Labels are bounded: operation, status, layer; never a bucket or key. Counters are plain cells that are read on
/// demand, so that a request costs an increment and no dictionary.
/// </summary>
public sealed class ProxyMeters : IDisposable
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string MeterName = "S3Overlay.Proxy";

    private const int Statuses = 600;

    /// <summary>From a small cache hit to a long upload, in seconds.</summary>
    private static readonly double[] DurationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private static readonly S3Operation[] Operations = Enum.GetValues<S3Operation>();
    private static readonly KeyValuePair<string, object?>[] OperationTags =
        [.. Operations.Select(operation => new KeyValuePair<string, object?>("operation", operation.ToString()))];

    private readonly long[] _responses = new long[Operations.Length * Statuses];
    private readonly Histogram<double> _duration;
    private readonly ReadCounts _reads = new();
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _since;
    private readonly Histogram<double> _upstreamDuration;
    private ImmutableList<UpstreamMeters> _upstreams = [];
    private ImmutableList<(KeyValuePair<string, object?> Endpoint, Func<bool> IsDown)> _outages = [];
    private Func<long> _evictions = static () => 0;
    private Func<long>? _cachedBytes;
    private long _inProgress;
    private readonly Counter<long> _fills;
    private readonly Counter<long> _coalesced;
    private readonly Counter<long> _tombstones;
    private readonly Counter<long> _revalidations;
    private readonly Counter<long> _drift;
    private long _fillsInProgress;

    /// <summary>Creates the instruments.</summary>
    /// <param name="time">The clock of the start and of the time since; null for the system's.</param>
    public ProxyMeters(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _since = _time.GetUtcNow();
        Meter = new(MeterName);
        Meter.CreateObservableCounter("s3_overlay_requests_total", () => Responses(0), description: "S3 requests.");
        Meter.CreateObservableCounter("s3_overlay_requests_error_total", () => Responses(500),
            description: "S3 requests with a response of status 500 or more.");
        Meter.CreateObservableUpDownCounter("s3_overlay_requests_in_progress", () => InProgress, description: "S3 requests in progress.");
        _duration = Histogram("s3_overlay_request_duration_seconds", "Duration of S3 requests, body included.");
        _reads.Show(Meter);
        Meter.CreateObservableCounter("s3_overlay_upstream_requests_total", () => _upstreams.SelectMany(static upstream => upstream.Ended),
            description: "Attempts at the remote and at a local S3 endpoint, by outcome.");
        _upstreamDuration = Histogram("s3_overlay_upstream_duration_seconds",
            "Time from an upstream request to its response's headers, or to its failure.");
        Meter.CreateObservableUpDownCounter("s3_overlay_upstream_in_progress", () => _upstreams.Select(upstream => upstream.InProgress),
            description: "Upstream requests without response headers so far.");
        Meter.CreateObservableCounter(
            "s3_overlay_upstream_received_bytes_total", () => _upstreams.Select(upstream => upstream.Received), "By",
            "Bytes of bodies that came from upstream.");
        Meter.CreateObservableUpDownCounter("s3_overlay_upstream_down", Outages,
            description: "1 while an endpoint is known to be down, so that requests do not wait for it; else 0.");
        _fills = Meter.CreateCounter<long>("s3_overlay_fills_total", description: "Fills from the remote that ended, by outcome.");
        _coalesced = Meter.CreateCounter<long>("s3_overlay_coalesced_reads_total",
            description: "Reads that waited for another read's request to the remote.");
        _tombstones = Meter.CreateCounter<long>("s3_overlay_tombstones_total", description: "Tombstones written.");
        _drift = Meter.CreateCounter<long>(
            "s3_overlay_drift_total", description: "How often the remote had another version than a frozen cache entry.");
        _revalidations = Meter.CreateCounter<long>("s3_overlay_revalidations_total",
            description: "Revalidations of cache entries, by result.");
        Meter.CreateObservableUpDownCounter("s3_overlay_fills_in_progress", () => Volatile.Read(ref _fillsInProgress),
            description: "Fills in progress.");
    }

    /// <summary>S3 requests in progress.</summary>
    public long InProgress => Volatile.Read(ref _inProgress);

    /// <summary>S3 requests that have ended.</summary>
    public long Requests => _responses.Sum();

    /// <summary>The endpoints that requests were sent to.</summary>
    public IReadOnlyList<UpstreamMeters> Upstreams => _upstreams;

    /// <summary>The meter. Distinguishes proxies in one process; other parts add instruments to it.</summary>
    public Meter Meter { get; }

    /// <summary>The metrics of requests to one endpoint.</summary>
    /// <param name="endpoint">Its label: <c>remote</c>, <c>local</c>.</param>
    public UpstreamMeters Upstream(string endpoint)
    {
        var meters = new UpstreamMeters(endpoint, _upstreamDuration);
        ImmutableInterlocked.Update(ref _upstreams, static (list, one) => list.Add(one), meters);
        return meters;
    }

    /// <summary>Shows whether an endpoint is down.</summary>
    /// <param name="endpoint">Its label: <c>remote</c>, <c>local</c>.</param>
    /// <param name="isDown">Returns the current state.</param>
    public void WatchOutage(string endpoint, Func<bool> isDown) =>
        ImmutableInterlocked.Update(ref _outages, static (list, one) => list.Add(one),
            (new KeyValuePair<string, object?>("endpoint", endpoint), isDown));

    /// <summary>Shows a value that another part maintains.</summary>
    public void Watch(string name, string unit, string description, Func<long> figure) =>
        Meter.CreateObservableUpDownCounter(name, figure, unit, description);

    /// <summary>Shows growing totals that another part maintains, with a label each.</summary>
    public void WatchTotals(string name, string description, string label, params (string Value, Func<long> Figure)[] figures) =>
        Meter.CreateObservableCounter(name, () => figures.Select(figure => new Measurement<long>(
                figure.Figure(), new KeyValuePair<string, object?>(label, figure.Value))), description: description);

    /// <summary>Shows the size of the cache.</summary>
    /// <param name="bytes">Its size in bytes.</param>
    /// <param name="evictions">The number of evicted entries so far.</param>
    public void WatchCache(Func<long> bytes, Func<long> evictions)
    {
        (_cachedBytes, _evictions) = (bytes, evictions);
        Watch("s3_overlay_cache_bytes", "By", "Bytes in the cache.", bytes);
        Meter.CreateObservableCounter("s3_overlay_evictions_total", evictions,
            description: "Cache entries evicted to stay within the size limit.");
    }

    /// <summary>Counts a request. Pass the result to <see cref="RequestFinished"/>.</summary>
    public long RequestStarted()
    {
        Interlocked.Increment(ref _inProgress);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Records the end of a request.</summary>
    /// <param name="layer">The layer that answered a read of an object (rule T4); null for any other request.</param>
    /// <param name="cache"><c>HIT</c>, <c>MISS</c> ...; null for a local object.</param>
    /// <param name="sent">Bytes of the response's body.</param>
    public void RequestFinished(long started, S3Operation operation, int status, string? layer = null, string? cache = null, long sent = 0)
    {
        var duration = Stopwatch.GetElapsedTime(started);
        Interlocked.Decrement(ref _inProgress);
        Interlocked.Increment(ref _responses[((int)operation * Statuses) + Math.Clamp(status, 0, Statuses - 1)]);
        _duration.Record(duration.TotalSeconds, OperationTags[(int)operation]);
        _reads.Add(operation, status, layer, cache, sent, duration);
    }

    /// <summary>The numbers of now.</summary>
    public ProxyStatistics Statistics() => new()
    {
        Since = _since,
        Uptime = _time.GetUtcNow() - _since,
        Requests = Responses(0).Where(static responses => !responses.Tags.Contains(OperationTags[(int)S3Operation.Administration]))
            .Sum(static responses => responses.Value),
        Local = _reads.ReadsOf("local"),
        Cache = _reads.ReadsOf("cache"),
        Remote = _reads.ReadsOf("remote"),
        LocalBytes = _reads.SentOf("local"),
        CacheBytes = _reads.SentOf("cache"),
        RemoteBytes = _reads.SentOf("remote"),
        FetchedBytes = _upstreams.Where(static upstream => upstream.IsRemote).Sum(static upstream => upstream.ReceivedBytes),
        RemoteErrors = _upstreams.Where(static upstream => upstream.IsRemote).Sum(static upstream => upstream.Failures),
        RunningFills = Volatile.Read(ref _fillsInProgress),
        Evictions = _evictions(),
        CachedBytes = _cachedBytes?.Invoke(),
        Hits = LatencyPair.Of(_reads.Hits),
        Misses = LatencyPair.Of(_reads.Misses),
        Writes = LatencyPair.Of(_reads.Writes),
    };

    /// <summary>The durations of hits, misses and writes.</summary>
    internal (LatencyHistogram Hits, LatencyHistogram Misses, LatencyHistogram Writes) Durations =>
        (_reads.Hits, _reads.Misses, _reads.Writes);

    /// <summary>A fill begins.</summary>
    public void FillStarted() => Interlocked.Increment(ref _fillsInProgress);

    /// <summary>A fill has ended.</summary>
    /// <param name="outcome">How: one of <see cref="Outcomes"/>.</param>
    public void FillEnded(string outcome)
    {
        Interlocked.Decrement(ref _fillsInProgress);
        _fills.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
    }

    /// <summary>A read waited for a request of another read.</summary>
    public void ReadCoalesced() => _coalesced.Add(1);

    /// <summary>A cache entry was revalidated.</summary>
    /// <param name="outcome">The result: same, changed, gone or unknown.</param>
    public void Revalidated(string outcome) => _revalidations.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>The remote has another version than a frozen cache entry.</summary>
    public void Drifted() => _drift.Add(1);

    /// <summary>A tombstone was written.</summary>
    public void TombstoneWritten() => _tombstones.Add(1);

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private Histogram<double> Histogram(string name, string description) => Meter.CreateHistogram(name, "s", description,
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });

    private IEnumerable<Measurement<long>> Outages() =>
        _outages.Select(outage => new Measurement<long>(outage.IsDown() ? 1 : 0, outage.Endpoint));

    private IEnumerable<Measurement<long>> Responses(int fromStatus)
    {
        for (var operation = 0; operation < Operations.Length; operation++)
        {
            for (var status = fromStatus; status < Statuses; status++)
            {
                if (Volatile.Read(ref _responses[(operation * Statuses) + status]) is var count and > 0)
                {
                    yield return new(count, OperationTags[operation], new("status", status));
                }
            }
        }
    }
}
