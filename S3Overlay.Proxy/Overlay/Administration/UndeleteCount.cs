namespace S3Overlay.Proxy.Overlay.Administration;

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
