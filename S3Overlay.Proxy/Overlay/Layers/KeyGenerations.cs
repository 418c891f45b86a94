namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// Counts changes of each key since the start, so that work based on an earlier look can detect a change since: a fill before it leaves an
/// entry for a key that was written or deleted (rule C3), and undeletes.
/// </summary>
/// <remarks>
/// A fixed number of counters that keys share by hash. A dictionary would have to know when a key may be forgotten, and forgetting one
/// before the longest fill ends is the very bug this guards against. Two keys that share a counter only cost a cache entry now and then.
/// Use it only for work that may be given up or repeated, not for what a client gets.
/// </remarks>
public sealed class KeyGenerations
{
    private readonly long[] _counters = new long[4096];

    /// <summary>The key's current count.</summary>
    public long Of(string bucket, string key) => Volatile.Read(ref _counters[Slot(bucket, key)]);

    /// <summary>Counts a write or delete of the key.</summary>
    public void Advance(string bucket, string key) => Interlocked.Increment(ref _counters[Slot(bucket, key)]);

    /// <summary>Counts a change of every key.</summary>
    public void AdvanceAll()
    {
        for (var slot = 0; slot < _counters.Length; slot++)
        {
            Interlocked.Increment(ref _counters[slot]);
        }
    }

    private static int Slot(string bucket, string key) => HashCode.Combine(bucket, key) & 4095;
}
