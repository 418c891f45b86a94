using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// Counts and tells where the remote was seen to have another version than the one that is held, and what is held is never replaced: copies
/// are frozen (rule S1).
/// </summary>
internal sealed class FrozenDrift(OverlayMeters? meters, TimeProvider time, ILogger logger)
{
    /// <summary>So often is a bucket told of; each time is counted.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, long> _told = new(StringComparer.Ordinal);

    /// <summary>Notes it of a key of a bucket.</summary>
    public void Note(string bucket)
    {
        meters?.Drifted();
        var now = time.GetTimestamp();
        var isNew = _told.TryAdd(bucket, now);
        if (isNew || (_told.TryGetValue(bucket, out var told) && time.GetElapsedTime(told, now) >= Between
            && _told.TryUpdate(bucket, now, told)))
        {
            Log.RemoteDrifted(logger, bucket);
        }
    }

    /// <summary>Notes that a byte which is not held cannot be fetched any more, and says so to whoever wants it.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="failure">What the remote said of the version that is held.</param>
    public RemoteException Of(string bucket, RemoteException failure)
    {
        Note(bucket);
        return new RemoteException(RemoteFailure.Drifted,
            "The remote has another version than the one that is held, and copies are frozen.", failure) { Status = failure.Status };
    }
}
