using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>Progress of a revert. Safe to read while it runs.</summary>
public sealed class RevertCount
{
    private readonly long[] _outcomes = new long[Enum.GetValues<RevertOutcome>().Length];
    private long _added;
    private long _buckets;
    private long _uploads;

    /// <summary>Keys that show the remote again.</summary>
    public long Reverted => Of(RevertOutcome.Reverted);

    /// <summary>Written keys left because the remote does not have them.</summary>
    public long Added => Volatile.Read(ref _added);

    /// <summary>Keys left because another proxy may be deleting them.</summary>
    public long Young => Of(RevertOutcome.Young);

    /// <summary>Keys left because they have several local versions.</summary>
    public long WithVersions => Of(RevertOutcome.HasVersions);

    /// <summary>Keys left because a version is locked.</summary>
    public long Locked => Of(RevertOutcome.Locked);

    /// <summary>Keys left because they, or the remote's object, changed.</summary>
    public long Changed => Of(RevertOutcome.Changed);

    /// <summary>Bucket deletions undone.</summary>
    public long Buckets => Volatile.Read(ref _buckets);

    /// <summary>Open uploads aborted.</summary>
    public long Uploads => Volatile.Read(ref _uploads);

    /// <summary>Counts the outcome of one key.</summary>
    public void Add(RevertOutcome outcome) => Interlocked.Increment(ref _outcomes[(int)outcome]);

    /// <summary>Counts a key that only exists here.</summary>
    public void AddKept() => Interlocked.Increment(ref _added);

    /// <summary>Counts a bucket.</summary>
    public void AddBucket() => Interlocked.Increment(ref _buckets);

    /// <summary>Counts an upload.</summary>
    public void AddUpload() => Interlocked.Increment(ref _uploads);

    private long Of(RevertOutcome outcome) => Volatile.Read(ref _outcomes[(int)outcome]);
}
