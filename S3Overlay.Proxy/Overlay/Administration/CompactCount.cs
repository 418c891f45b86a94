namespace S3Overlay.Proxy.Overlay.Administration;

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
