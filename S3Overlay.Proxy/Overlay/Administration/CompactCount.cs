namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>How far a compaction is. Safe to be read while it goes on.</summary>
public sealed class CompactCount
{
    private long _tombstones;
    private long _removed;
    private long _kept;
    private long _pages;

    /// <summary>How many tombstones were looked at.</summary>
    public long Tombstones => Volatile.Read(ref _tombstones);

    /// <summary>How many of them hid nothing, and are gone.</summary>
    public long Removed => Volatile.Read(ref _removed);

    /// <summary>How many hid nothing, and were left, since their keys were being deleted again.</summary>
    public long Kept => Volatile.Read(ref _kept);

    /// <summary>How many pages of the remote's listing were read.</summary>
    public long Pages => Volatile.Read(ref _pages);

    /// <summary>So many more tombstones were looked at, with so many more pages.</summary>
    public void AddLooked(int tombstones, int pages)
    {
        Interlocked.Add(ref _tombstones, tombstones);
        Interlocked.Add(ref _pages, pages);
    }

    /// <summary>Notes what became of a tombstone that hid nothing.</summary>
    public void Add(Layers.UndeleteOutcome outcome)
    {
        switch (outcome)
        {
            case Layers.UndeleteOutcome.Discarded:
                Interlocked.Increment(ref _removed);
                break;
            case Layers.UndeleteOutcome.Kept:
                Interlocked.Increment(ref _kept);
                break;
        }
    }
}
