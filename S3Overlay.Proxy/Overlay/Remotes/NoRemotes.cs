namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>No bucket has a remote: local-only mode.</summary>
public sealed class NoRemotes : IRemoteBuckets
{
    /// <summary>The only instance.</summary>
    public static readonly NoRemotes Instance = new();

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Mapped => [];

    /// <inheritdoc/>
    public BucketRoutes? Find(string bucket) => null;
}
