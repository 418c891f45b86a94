namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// What the proxy did in the last hour, in steps of ten seconds. Keeps nothing until it is started; then 360 small records.
/// </summary>
internal sealed class StatsHistory(ProxyMeters meters, TimeProvider time) : IDisposable
{
    /// <summary>The time that one sample is about.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    private const int Most = 360;

    private readonly Lock _lock = new();
    private readonly Queue<StatsSample> _samples = new(Most);
    private readonly (LatencyWindow Hits, LatencyWindow Misses, LatencyWindow Writes) _windows =
        (new(meters.Durations.Hits), new(meters.Durations.Misses), new(meters.Durations.Writes));

    private ProxyStatistics? _last;
    private long _lastAt;
    private ITimer? _timer;

    /// <summary>The samples so far, the oldest first.</summary>
    public IReadOnlyList<StatsSample> Samples
    {
        get
        {
            lock (_lock)
            {
                return [.. _samples];
            }
        }
    }

    /// <summary>Begins to take samples.</summary>
    public void Start()
    {
        (_last, _lastAt) = (meters.Statistics(), time.GetTimestamp());
        _timer = time.CreateTimer(static history => ((StatsHistory)history!).Take(), this, Step, Step);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void Take()
    {
        var (now, last, at) = (meters.Statistics(), _last!, time.GetTimestamp());
        var elapsed = time.GetElapsedTime(_lastAt, at);
        (_last, _lastAt) = (now, at);
        lock (_lock)
        {
            while (_samples.Count >= Most)
            {
                _samples.Dequeue();
            }

            _samples.Enqueue(new StatsSample
            {
                At = now.Since + now.Uptime,
                Seconds = elapsed.TotalSeconds,
                Local = now.Local - last.Local,
                Cache = now.Cache - last.Cache,
                Remote = now.Remote - last.Remote,
                Other = now.Other - last.Other,
                ServedBytes = now.ServedBytes - last.ServedBytes,
                FetchedBytes = now.FetchedBytes - last.FetchedBytes,
                CachedBytes = now.CachedBytes,
                RunningFills = now.RunningFills,
                RemoteErrors = now.RemoteErrors - last.RemoteErrors,
                Hits = _windows.Hits.Next(),
                Misses = _windows.Misses.Next(),
                Writes = _windows.Writes.Next(),
            });
        }
    }
}

/// <summary>What a proxy did between two moments.</summary>
internal sealed record StatsSample
{
    /// <summary>The end of that time.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Its length.</summary>
    public required double Seconds { get; init; }

    /// <summary>Reads that the local layer answered.</summary>
    public required long Local { get; init; }

    /// <summary>Reads that the cache answered.</summary>
    public required long Cache { get; init; }

    /// <summary>Reads that needed the remote.</summary>
    public required long Remote { get; init; }

    /// <summary>All other requests.</summary>
    public required long Other { get; init; }

    /// <summary>Bytes of objects sent to clients.</summary>
    public required long ServedBytes { get; init; }

    /// <summary>Bytes received from all remotes.</summary>
    public required long FetchedBytes { get; init; }

    /// <summary>Bytes in the cache at its end; null if they are not counted.</summary>
    public required long? CachedBytes { get; init; }

    /// <summary>Fills under way at its end.</summary>
    public required long RunningFills { get; init; }

    /// <summary>Requests to remotes that failed.</summary>
    public required long RemoteErrors { get; init; }

    /// <summary>Durations of hits.</summary>
    public required LatencyPair Hits { get; init; }

    /// <summary>Durations of misses.</summary>
    public required LatencyPair Misses { get; init; }

    /// <summary>Durations of writes.</summary>
    public required LatencyPair Writes { get; init; }
}
