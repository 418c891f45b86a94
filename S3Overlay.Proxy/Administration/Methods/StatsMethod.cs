using System.ComponentModel;

using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET stats</c>: what this proxy did since its start. The numbers are those of its metrics.</summary>
internal sealed class StatsMethod : DocumentMethod<StatsDocument>
{
    private readonly ProxyMeters _meters;

    public StatsMethod(ProxyMeters meters)
        : base("GET", "stats", "Returns what this proxy did since its start: requests, hit ratio, bytes saved, errors, latencies.")
    {
        (_meters, IsPolled) = (meters, true);
    }

    /// <inheritdoc/>
    protected override Task<(StatsDocument Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken) =>
        Task.FromResult((StatsDocument.Of(_meters.Statistics()), "counted"));
}

/// <summary>The statistics of a proxy, as a JSON document.</summary>
internal sealed record StatsDocument(
    [property: Description("When the proxy started.")] DateTimeOffset Since,
    [property: Description("Seconds since then.")] long Uptime,
    RequestStats Requests,
    [property: Description("The share of remote-owned objects that the cache answered; null before the first.")] double? HitRatio,
    [property: Description("The same by bytes.")] double? ByteHitRatio,
    ByteStats Bytes,
    [property: Description("Fills under way.")] long RunningFills,
    [property: Description("Entries evicted to make room.")] long Evictions,
    [property: Description("Bytes in the cache; null if they are not counted.")] long? CachedBytes,
    [property: Description("Requests to remotes that failed: 5xx, 429 or no response.")] long RemoteErrors,
    LatencyStats Latency)
{
    public static StatsDocument Of(ProxyStatistics of) => new(
        of.Since,
        (long)of.Uptime.TotalSeconds,
        new RequestStats(of.Requests, of.Local, of.Cache, of.Remote, of.Other),
        of.HitRatio,
        of.ByteHitRatio,
        new ByteStats(of.ServedBytes, of.LocalBytes, of.CacheBytes, of.RemoteBytes, of.FetchedBytes, of.SavedBytes),
        of.RunningFills,
        of.Evictions,
        of.CachedBytes,
        of.RemoteErrors,
        new LatencyStats(LatencyQuantiles.Of(of.Hits), LatencyQuantiles.Of(of.Misses), LatencyQuantiles.Of(of.Writes)));
}

/// <summary>Requests, administration calls left out.</summary>
internal sealed record RequestStats(
    long Total,
    [property: Description("Reads of objects that the local layer answered, in buckets with a remote.")] long Local,
    [property: Description("Reads of objects that the cache answered.")] long Cache,
    [property: Description("Reads of objects that needed the remote.")] long Remote,
    [property: Description("All others: writes, listings, and everything in buckets without a remote.")] long Other);

/// <summary>Bytes of objects.</summary>
internal sealed record ByteStats(
    [property: Description("Sent to clients.")] long Served,
    [property: Description("Sent from the local layer.")] long Local,
    [property: Description("Sent from the cache.")] long Cache,
    [property: Description("Sent in responses that needed the remote.")] long Remote,
    [property: Description("Received from all remotes, listings included.")] long Fetched,
    [property: Description("Bytes of the remotes' objects sent without being received again.")] long Saved);

/// <summary>Durations of successful requests, in seconds.</summary>
internal sealed record LatencyStats(
    [property: Description("Reads answered by a fresh entry.")] LatencyQuantiles Hits,
    [property: Description("Reads that needed the remote's bytes.")] LatencyQuantiles Misses,
    [property: Description("Writes and deletes of objects and parts.")] LatencyQuantiles Writes);

/// <summary>Quantiles of durations in seconds, at most 1/16 too high; null before the first request.</summary>
internal sealed record LatencyQuantiles(
    [property: Description("The median.")] double? P50,
    [property: Description("The 99th percentile.")] double? P99)
{
    public static LatencyQuantiles Of(LatencyPair of) => new(of.P50?.TotalSeconds, of.P99?.TotalSeconds);
}
