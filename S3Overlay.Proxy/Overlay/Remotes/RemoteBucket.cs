using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// Where keys of a bucket of the client's view continue below: a remote, a bucket there, and a prefix that clients do not see.
/// </summary>
/// <param name="Remote">The remote.</param>
/// <param name="Name">The bucket's name there.</param>
/// <param name="KeyPrefix">What stands before every key there, in place of <paramref name="ClientPrefix"/>; empty for none.</param>
/// <param name="ClientPrefix">The client's keys that continue here start with this; empty for all.</param>
public sealed record RemoteBucket(IRemote Remote, string Name, string KeyPrefix, string ClientPrefix = "")
{
    /// <summary>The remote's key for a key of the client's, which starts with <see cref="ClientPrefix"/>.</summary>
    public string RemoteKey(string key) => ClientPrefix.Length == 0 ? KeyPrefix + key
        : string.Concat(KeyPrefix, key.AsSpan(ClientPrefix.Length));

    /// <summary>Refuses to send a key of a client's own there (SSE-C) where others could read it on the way (rule T1).</summary>
    /// <exception cref="S3Exception">InvalidRequest.</exception>
    public void RequireTls()
    {
        if (!Remote.Endpoint.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
        {
            throw new S3Exception(S3Errors.InvalidRequest, "Requests with a customer's own key are only passed on to a remote over TLS.");
        }
    }

    /// <summary>Whether a key there is the one a key of the client's stands for. Makes no text of either.</summary>
    public bool IsRemoteKey(string remoteKey, string key) =>
        remoteKey.Length == KeyPrefix.Length + key.Length - ClientPrefix.Length
        && remoteKey.StartsWith(KeyPrefix, StringComparison.Ordinal)
        && remoteKey.AsSpan(KeyPrefix.Length).SequenceEqual(key.AsSpan(ClientPrefix.Length));
}
