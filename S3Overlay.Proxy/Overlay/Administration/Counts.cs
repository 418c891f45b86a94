namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>Progress of an eviction. Safe to read while it runs.</summary>
public sealed class EvictCount
{
    private long _entries;
    private long _bytes;
    private long _pinned;
    private long _failed;

    /// <summary>Entries evicted.</summary>
    public long Entries => Volatile.Read(ref _entries);

    /// <summary>Object bytes that were cached in them.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Evicted entries whose keys stay pinned: they are pinned again once they are read.</summary>
    public long Pinned => Volatile.Read(ref _pinned);

    /// <summary>Entries that could not be evicted; the log says why.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Counts an evicted entry.</summary>
    public void Add(long bytes, bool isPinned)
    {
        Interlocked.Increment(ref _entries);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Add(ref _pinned, isPinned ? 1 : 0);
    }

    /// <summary>Counts a failure.</summary>
    public void AddFailure() => Interlocked.Increment(ref _failed);
}

/// <summary>Progress of an undelete. Safe to read while it runs.</summary>
public sealed class UndeleteCount
{
    private long _tombstones;
    private long _buckets;
    private long _kept;

    /// <summary>Tombstones removed.</summary>
    public long Tombstones => Volatile.Read(ref _tombstones);

    /// <summary>Bucket tombstones removed; each hid a whole bucket.</summary>
    public long Buckets => Volatile.Read(ref _buckets);

    /// <summary>Tombstones left because their keys were being deleted.</summary>
    public long Kept => Volatile.Read(ref _kept);

    /// <summary>Counts the outcome for one tombstone.</summary>
    public void Add(Layers.UndeleteOutcome outcome)
    {
        switch (outcome)
        {
            case Layers.UndeleteOutcome.Undeleted:
                Interlocked.Increment(ref _tombstones);
                break;
            case Layers.UndeleteOutcome.Kept:
                Interlocked.Increment(ref _kept);
                break;
        }
    }

    /// <summary>Counts a removed bucket tombstone.</summary>
    public void AddBucket() => Interlocked.Increment(ref _buckets);
}

/// <summary>Progress of a compaction. Safe to read while it runs.</summary>
public sealed class CompactCount
{
    private long _tombstones;
    private long _removed;
    private long _kept;
    private long _pages;

    /// <summary>Tombstones checked.</summary>
    public long Tombstones => Volatile.Read(ref _tombstones);

    /// <summary>Tombstones that hid nothing and were removed.</summary>
    public long Removed => Volatile.Read(ref _removed);

    /// <summary>Tombstones that hid nothing but stayed, because their keys were being deleted again.</summary>
    public long Kept => Volatile.Read(ref _kept);

    /// <summary>Pages of the remote's listing read.</summary>
    public long Pages => Volatile.Read(ref _pages);

    /// <summary>Adds checked tombstones and pages.</summary>
    public void AddLooked(int tombstones, int pages)
    {
        Interlocked.Add(ref _tombstones, tombstones);
        Interlocked.Add(ref _pages, pages);
    }

    /// <summary>Counts the outcome for one tombstone that hid nothing.</summary>
    public void Add(Layers.UndeleteOutcome outcome)
    {
        switch (outcome)
        {
            case Layers.UndeleteOutcome.Undeleted:
                Interlocked.Increment(ref _removed);
                break;
            case Layers.UndeleteOutcome.Kept:
                Interlocked.Increment(ref _kept);
                break;
        }
    }
}
