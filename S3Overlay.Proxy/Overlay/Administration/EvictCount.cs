namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>How far a drop is. Safe to be read while it goes on.</summary>
public sealed class EvictCount
{
    private long _entries;
    private long _bytes;
    private long _failed;

    /// <summary>How many copies are gone.</summary>
    public long Entries => Volatile.Read(ref _entries);

    /// <summary>How many bytes of objects were held in them.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How many copies could not be dropped; the log says why.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>One more copy is gone.</summary>
    public void Add(long bytes)
    {
        Interlocked.Increment(ref _entries);
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>One could not be dropped.</summary>
    public void AddFailure() => Interlocked.Increment(ref _failed);
}
