namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// How often something has happened to each key since the start: whoever goes on with what he found before compares whether it has
/// meanwhile. So a fill, before it leaves a copy behind of a key that was written or deleted (rule C3), and the taking back of tombstones.
/// </summary>
/// <remarks>
/// A fixed number of counters that keys share by hash. A dictionary of keys would have to know when a key may be forgotten, and forgetting
/// before the longest fill is over is the very bug this guards against; two keys that share a counter
/// only cost a copy now and then. Only for what may be given up or done again for nothing: not for what a client is told.
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
