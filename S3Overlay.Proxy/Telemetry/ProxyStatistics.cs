namespace S3Overlay.Proxy.Telemetry;

/// <summary>What a proxy did since its start: the numbers of its metrics at one moment.</summary>
public sealed record ProxyStatistics
{
    /// <summary>When the proxy started.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Time since the start.</summary>
    public required TimeSpan Uptime { get; init; }

    /// <summary>Requests answered, administration calls left out.</summary>
    public required long Requests { get; init; }

    /// <summary>Reads of objects that the local layer answered, in buckets with a remote.</summary>
    public required long Local { get; init; }

    /// <summary>Reads of objects that the cache answered.</summary>
    public required long Cache { get; init; }

    /// <summary>Reads of objects that needed the remote.</summary>
    public required long Remote { get; init; }

    /// <summary>All other requests: writes, listings, and everything in buckets without a remote.</summary>
    public long Other => Math.Max(0, Requests - Local - Cache - Remote);

    /// <summary>The share of the remote's objects that the cache answered; null before the first.</summary>
    public double? HitRatio => RatioOf(Cache, Remote);

    /// <summary>The same by bytes.</summary>
    public double? ByteHitRatio => RatioOf(CacheBytes, RemoteBytes);

    /// <summary>Bytes of objects sent from the local layer.</summary>
    public required long LocalBytes { get; init; }

    /// <summary>Bytes of objects sent from the cache.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>Bytes of objects sent in responses that needed the remote.</summary>
    public required long RemoteBytes { get; init; }

    /// <summary>Bytes of objects sent to clients.</summary>
    public long ServedBytes => LocalBytes + CacheBytes + RemoteBytes;

    /// <summary>Bytes received from all remotes, listings included.</summary>
    public required long FetchedBytes { get; init; }

    /// <summary>Bytes of the remotes' objects that were sent to clients without being received again.</summary>
    public long SavedBytes => Math.Max(0, CacheBytes + RemoteBytes - FetchedBytes);

    /// <summary>Requests to remotes that failed: 5xx, 429 or no response.</summary>
    public required long RemoteErrors { get; init; }

    /// <summary>Fills under way.</summary>
    public required long RunningFills { get; init; }

    /// <summary>Entries evicted to stay within the limits.</summary>
    public required long Evictions { get; init; }

    /// <summary>Bytes in the cache; null if they are not counted.</summary>
    public required long? CachedBytes { get; init; }

    /// <summary>Durations of reads that fresh entries answered.</summary>
    public required LatencyPair Hits { get; init; }

    /// <summary>Durations of reads that needed the remote's bytes.</summary>
    public required LatencyPair Misses { get; init; }

    /// <summary>Durations of writes and deletes.</summary>
    public required LatencyPair Writes { get; init; }

    private static double? RatioOf(long part, long rest) => part + rest > 0 ? (double)part / (part + rest) : null;
}

/// <summary>The median and the 99th percentile of durations; null if nothing was recorded.</summary>
/// <param name="P50">The median.</param>
/// <param name="P99">The 99th percentile.</param>
public readonly record struct LatencyPair(TimeSpan? P50, TimeSpan? P99)
{
    /// <summary>Those of a histogram.</summary>
    public static LatencyPair Of(LatencyHistogram durations) => new(durations.Quantile(0.5), durations.Quantile(0.99));
}
