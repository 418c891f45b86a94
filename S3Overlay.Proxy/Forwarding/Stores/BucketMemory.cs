using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// What the store was last heard to know of buckets. However many ask at once, the store is asked once. What was asked before a change is forgotten with it,
/// though the answer should come later. A failure is remembered by nobody.
/// </summary>
/// <param name="ask">Asks the store.</param>
/// <param name="lifetime">How old an answer may be, counted from when it was asked for.</param>
/// <param name="time">The clock.</param>
internal sealed class BucketMemory(Func<string, Task<BucketState>> ask, TimeSpan lifetime, TimeProvider time)
{
    /// <summary>Names are the clients' to choose: beyond this many, what is known is forgotten.</summary>
    private const int Limit = 10_000;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>What the store knows of a bucket.</summary>
    public async ValueTask<BucketState> FindAsync(string bucket, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(bucket, out var known) || time.GetElapsedTime(known.Asked) >= lifetime || known.State.Value is { IsFaulted: true } or { IsCanceled: true })
        {
            if (_entries.Count >= Limit)
            {
                _entries.Clear();
            }

            // Of those who find nothing at the same time one asks. It must not end with the client that happened to come first.
            var fresh = new Entry(time.GetTimestamp(), new Lazy<Task<BucketState>>(() => ask(bucket).Observed()));
            known = known is null ? _entries.GetOrAdd(bucket, fresh)
                : _entries.TryUpdate(bucket, fresh, known) ? fresh
                : _entries.GetOrAdd(bucket, fresh);
        }

        return await known.State.Value.WaitAsync(cancellationToken);
    }

    /// <summary>Forgets a bucket.</summary>
    public void Forget(string bucket) => _entries.TryRemove(bucket, out _);

    private sealed record Entry(long Asked, Lazy<Task<BucketState>> State);
}
