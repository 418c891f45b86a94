using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>Where keys of a client bucket continue below: a remote, a bucket there, and a prefix that clients do not see.</summary>
/// <param name="Remote">The remote.</param>
/// <param name="Name">The bucket's name there.</param>
/// <param name="KeyPrefix">Replaces <paramref name="ClientPrefix"/> at the start of every key there; empty for none.</param>
/// <param name="ClientPrefix">The prefix of the client's keys that continue here; empty for all.</param>
public sealed record RemoteBucket(IRemote Remote, string Name, string KeyPrefix, string ClientPrefix = "")
{
    /// <summary>The remote's key for a client's key, which starts with <see cref="ClientPrefix"/>.</summary>
    public string RemoteKey(string key) => ClientPrefix.Length == 0 ? KeyPrefix + key
        : string.Concat(KeyPrefix, key.AsSpan(ClientPrefix.Length));

    /// <summary>Refuses to send a client's encryption key (SSE-C) over an unencrypted connection (rule T1).</summary>
    /// <exception cref="S3Exception">InvalidRequest.</exception>
    public void RequireTls()
    {
        if (!Remote.Endpoint.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
        {
            throw new S3Exception(
                S3Errors.InvalidRequest, "Requests with a customer-provided encryption key are sent to a remote only over TLS.");
        }
    }

    /// <summary>True if a remote key corresponds to a client's key. Allocates nothing.</summary>
    public bool IsRemoteKey(string remoteKey, string key) =>
        remoteKey.Length == KeyPrefix.Length + key.Length - ClientPrefix.Length
        && remoteKey.StartsWith(KeyPrefix, StringComparison.Ordinal)
        && remoteKey.AsSpan(KeyPrefix.Length).SequenceEqual(key.AsSpan(ClientPrefix.Length));
}
