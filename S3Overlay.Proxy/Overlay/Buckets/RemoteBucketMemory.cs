using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Buckets;

/// <summary>Whether the remote has a bucket: asked once a minute, however many ask (rule B1). A failure is remembered by nobody.</summary>
public sealed class RemoteBucketMemory(TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    /// <summary>Names are the clients' to choose: beyond this many, what is known is forgotten.</summary>
    private const int Limit = 10_000;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Whether the bucket is there.</summary>
    /// <exception cref="RemoteException">It cannot be known.</exception>
    public async ValueTask<bool> ExistsAsync(string bucket, RemoteBucket remote, CancellationToken cancellationToken)
    {
        if (_entries.TryGetValue(bucket, out var known) && time.GetElapsedTime(known.Asked) < Lifetime && !known.Answer.IsFaulted)
        {
            return await known.Answer.WaitAsync(cancellationToken);
        }

        if (_entries.Count >= Limit)
        {
            _entries.Clear();
        }

        // Shared with whoever asks meanwhile, so that it must not end with the client that happened to come first.
        var entry = new Entry(time.GetTimestamp(), remote.Remote.BucketExistsAsync(remote.Name, CancellationToken.None).Observed());
        _entries[bucket] = entry;
        try
        {
            return await entry.Answer.WaitAsync(cancellationToken);
        }
        catch (RemoteException)
        {
            _entries.TryRemove(KeyValuePair.Create(bucket, entry));
            throw;
        }
    }

    /// <summary>Forgets one bucket.</summary>
    public void Forget(string bucket) => _entries.TryRemove(bucket, out _);

    private sealed record Entry(long Asked, Task<bool> Answer);
}
