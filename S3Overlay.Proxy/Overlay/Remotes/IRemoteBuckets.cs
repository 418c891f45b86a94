namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>Which client buckets have a remote below them, from configuration alone. Never uses the network.</summary>
public interface IRemoteBuckets
{
    /// <summary>Where the bucket's keys continue below, or null for a bucket that is local only.</summary>
    BucketRoutes? Find(string bucket);

    /// <summary>Buckets mapped by name, in whole or in part: they are listed and exist without asking the remote (rules B1, B6).</summary>
    IReadOnlyCollection<string> Mapped { get; }

    /// <summary>True if the bucket is mapped by name.</summary>
    bool IsMapped(string bucket) => Mapped.Contains(bucket);
}
