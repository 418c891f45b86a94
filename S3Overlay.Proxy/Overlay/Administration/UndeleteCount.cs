namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>How far it is to take back tombstones and marks. Safe to be read while it goes on.</summary>
public sealed class UndeleteCount
{
    private long _tombstones;
    private long _buckets;
    private long _kept;

    /// <summary>How many tombstones were taken back.</summary>
    public long Tombstones => Volatile.Read(ref _tombstones);

    /// <summary>How many marks of deleted buckets were taken back; each hid all of a bucket.</summary>
    public long Buckets => Volatile.Read(ref _buckets);

    /// <summary>How many tombstones were left, since their keys were being deleted at that moment.</summary>
    public long Kept => Volatile.Read(ref _kept);

    /// <summary>Notes what became of a tombstone.</summary>
    public void Add(Layers.UndeleteOutcome outcome)
    {
        switch (outcome)
        {
            case Layers.UndeleteOutcome.Discarded:
                Interlocked.Increment(ref _tombstones);
                break;
            case Layers.UndeleteOutcome.Kept:
                Interlocked.Increment(ref _kept);
                break;
        }
    }

    /// <summary>One more bucket's mark was taken back.</summary>
    public void AddBucket() => Interlocked.Increment(ref _buckets);
}
