using System.Net;

namespace S3Overlay.WebConsole.Gateway;

/// <summary>
/// All that the console can ask of the proxy behind it: who a key is, and requests with that key's rights. Whatever a page shows or does
/// is a request, so the console can do nothing that the key could not do at the S3 port.
/// </summary>
public interface IProxy
{
    /// <summary>The proxy's version.</summary>
    string Version { get; }

    /// <summary>The S3 port, as clients on this machine reach it.</summary>
    Uri Endpoint { get; }

    /// <summary>The clock.</summary>
    TimeProvider Time { get; }

    /// <summary>Host names that requests may use in addition to those of the console's addresses.</summary>
    IReadOnlyList<string> Hosts { get; }

    /// <summary>Whether a secret is that of a key. Takes as long for an unknown key and for a wrong secret.</summary>
    bool IsSecretOf(string accessKey, string secret);

    /// <summary>Finds a key; null if the proxy does not have it, or no longer.</summary>
    ProxyKey? Find(string accessKey);

    /// <summary>Uses up a sign-in link.</summary>
    /// <returns>The access key that it signs in; null if there is no such link, it was used, or it is too old.</returns>
    string? TakeLink(string token);

    /// <summary>Sends a request, signed with the caller's key, to where the S3 port's requests go.</summary>
    /// <returns>The response once it has begun, whatever its status. The caller disposes it.</returns>
    /// <exception cref="UnknownKeyException">The proxy no longer has the key.</exception>
    Task<ProxyResponse> SendAsync(ProxyCaller caller, ProxyRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Writes an archive of changes, as <c>revert --save</c> does, from requests of the caller. Nothing of it is kept in memory.
    /// </summary>
    /// <param name="caller">Whose requests they are.</param>
    /// <param name="scope">Which changes.</param>
    /// <param name="archive">Gets a tar file.</param>
    /// <param name="saved">Gets each change once it is saved.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>How many changes were left out because only their clients have the key to read them.</returns>
    /// <exception cref="UnknownKeyException">The proxy no longer has the key.</exception>
    /// <exception cref="RefusedException">A request was refused.</exception>
    Task<long> SaveChangesAsync(
        ProxyCaller caller, ChangeScope scope, Stream archive, Action<SavedKey> saved, CancellationToken cancellationToken);

    /// <summary>Signs a URL that reads an object without a key.</summary>
    /// <param name="endpoint">The S3 port as its user reaches it.</param>
    /// <param name="path">The path, encoded.</param>
    /// <param name="query">The query, encoded; empty for none.</param>
    /// <param name="lifetime">At most seven days.</param>
    /// <exception cref="UnknownKeyException">The proxy no longer has the key.</exception>
    string Presign(ProxyCaller caller, Uri endpoint, string path, string query, TimeSpan lifetime);
}

/// <summary>A key of the proxy.</summary>
/// <param name="AccessKey">Its public half.</param>
/// <param name="IsAdministrator">Whether it may administer.</param>
public sealed record ProxyKey(string AccessKey, bool IsAdministrator);

/// <summary>Who a request is from.</summary>
/// <param name="AccessKey">The key that signed in.</param>
/// <param name="Address">Where its browser is; policies may ask.</param>
/// <param name="IsSecure">Whether the browser uses TLS; policies may ask.</param>
public sealed record ProxyCaller(string AccessKey, IPAddress? Address, bool IsSecure);

/// <summary>Which changes are meant.</summary>
/// <param name="Bucket">A bucket; null for every bucket.</param>
/// <param name="Key">A key of it; null for more.</param>
/// <param name="Prefix">What its keys start with; null for a key or the whole bucket.</param>
/// <param name="Added">Whether keys that the remote does not have are meant, too.</param>
public sealed record ChangeScope(string? Bucket, string? Key, string? Prefix, bool Added);

/// <summary>A change that is in an archive.</summary>
/// <param name="Bucket">Its bucket.</param>
/// <param name="Key">Its key.</param>
/// <param name="Stamp">Identifies the change: a later one has another.</param>
/// <param name="Size">Bytes of the object.</param>
public sealed record SavedKey(string Bucket, string Key, string Stamp, long Size);

/// <summary>The proxy refused a request of several.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">What is wrong.</param>
public sealed class RefusedException(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status => status;
}

/// <summary>The proxy no longer has the key that signed in.</summary>
public sealed class UnknownKeyException() : Exception("The proxy no longer has this key.");
