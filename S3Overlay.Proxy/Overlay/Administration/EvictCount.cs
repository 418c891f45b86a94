namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>Progress of an eviction. Safe to read while it runs.</summary>
public sealed class EvictCount
{
    private long _entries;
    private long _bytes;
    private long _failed;

    /// <summary>Entries evicted.</summary>
    public long Entries => Volatile.Read(ref _entries);

    /// <summary>Object bytes that were cached in them.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Entries that could not be evicted; the log says why.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Counts an evicted entry.</summary>
    public void Add(long bytes)
    {
        Interlocked.Increment(ref _entries);
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>Counts a failure.</summary>
    public void AddFailure() => Interlocked.Increment(ref _failed);
}
