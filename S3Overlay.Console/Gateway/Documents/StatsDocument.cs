namespace S3Overlay.WebConsole.Gateway.Documents;

/// <summary>What <c>GET stats</c> returns. docs/administration.md says what each field means.</summary>
public sealed record StatsDocument(
    DateTimeOffset Since, long Uptime, RequestStats Requests, double? HitRatio, double? ByteHitRatio, ByteStats Bytes, long RunningFills,
    long Evictions, long? CachedBytes, long RemoteErrors, LatencyStats Latency);

/// <summary>Requests by layer.</summary>
public sealed record RequestStats(long Total, long Local, long Cache, long Remote, long Other);

/// <summary>Bytes of objects.</summary>
public sealed record ByteStats(long Served, long Local, long Cache, long Remote, long Fetched, long Saved);

/// <summary>Durations of requests.</summary>
public sealed record LatencyStats(LatencyQuantiles Hits, LatencyQuantiles Misses, LatencyQuantiles Writes);

/// <summary>Quantiles in seconds; null before the first request.</summary>
public sealed record LatencyQuantiles(double? P50, double? P99);

/// <summary>What <c>GET history</c> returns: the last hour, the oldest sample first.</summary>
public sealed record HistoryDocument(int Step, IReadOnlyList<HistorySample> Samples);

/// <summary>One step of the last hour.</summary>
public sealed record HistorySample(
    DateTimeOffset At, double Seconds, RequestStats Requests, long Served, long Fetched, long? CachedBytes, long RunningFills,
    long RemoteErrors, LatencyStats Latency);
