namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>Where a bucket of the client's view continues below: a remote, a bucket there, and a prefix that clients do not see.</summary>
/// <param name="Remote">The remote.</param>
/// <param name="Name">The bucket's name there.</param>
/// <param name="KeyPrefix">What stands before every key there; empty for none.</param>
public sealed record RemoteBucket(IRemote Remote, string Name, string KeyPrefix)
{
    /// <summary>The remote's key for a key of the client's.</summary>
    public string RemoteKey(string key) => KeyPrefix + key;
}
