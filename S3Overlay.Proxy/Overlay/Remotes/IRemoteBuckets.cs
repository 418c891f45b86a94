namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// Which buckets of the client's view have a remote below them, from configuration alone: nothing is asked of the network.
/// </summary>
public interface IRemoteBuckets
{
    /// <summary>Where the bucket's keys continue below, or null for a bucket that is local only.</summary>
    BucketRoutes? Find(string bucket);

    /// <summary>
    /// The buckets that are mapped by name, some of their keys at least: they are listed, and exist without asking the remote (rules B1,
    /// B6).
    /// </summary>
    IReadOnlyCollection<string> Mapped { get; }

    /// <summary>Whether the bucket is mapped by name.</summary>
    bool IsMapped(string bucket) => Mapped.Contains(bucket);
}
