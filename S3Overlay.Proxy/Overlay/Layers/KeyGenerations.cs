namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// How often each key was written or deleted here since the start: what a fill notes before it asks the remote, and compares before it
/// leaves a copy behind (rule C3).
/// </summary>
/// <remarks>
/// A fixed number of counters that keys share by hash. A dictionary of keys would have to know when a key may be forgotten, and forgetting
/// before the longest fill is over is the very bug this guards against; two keys that share a counter only cost a copy now and then.
/// </remarks>
public sealed class KeyGenerations
{
    private readonly long[] _counters = new long[4096];

    /// <summary>The key's generation now.</summary>
    public long Of(string bucket, string key) => Volatile.Read(ref _counters[Slot(bucket, key)]);

    /// <summary>Notes that the key was written or deleted.</summary>
    public void Advance(string bucket, string key) => Interlocked.Increment(ref _counters[Slot(bucket, key)]);

    /// <summary>Notes that any key may have been.</summary>
    public void AdvanceAll()
    {
        for (var slot = 0; slot < _counters.Length; slot++)
        {
            Interlocked.Increment(ref _counters[slot]);
        }
    }

    private static int Slot(string bucket, string key) => HashCode.Combine(bucket, key) & 4095;
}
