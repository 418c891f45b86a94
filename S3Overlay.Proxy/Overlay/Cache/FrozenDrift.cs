using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>Counts and logs that the remote has another version than a frozen entry (rule S1).</summary>
internal sealed class FrozenDrift(ProxyMeters? meters, TimeProvider time, ILogger logger)
{
    /// <summary>Each event is counted, but logged at most this often per bucket.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, long> _logged = new(StringComparer.Ordinal);

    public void Note(string bucket)
    {
        meters?.Drifted();
        var now = time.GetTimestamp();
        var isNew = _logged.TryAdd(bucket, now);
        if (isNew || (_logged.TryGetValue(bucket, out var logged) && time.GetElapsedTime(logged, now) >= Between
            && _logged.TryUpdate(bucket, now, logged)))
        {
            Log.RemoteDrifted(logger, bucket);
        }
    }

    /// <summary>Records drift, and returns the failure for a reader whose missing bytes can no longer be fetched.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="failure">The remote's response about the cached version.</param>
    public RemoteException Of(string bucket, RemoteException failure)
    {
        Note(bucket);
        return new RemoteException(RemoteFailure.Drifted,
            "The remote has another version than the cached one, and the cache is frozen.", failure) { Status = failure.Status };
    }
}
