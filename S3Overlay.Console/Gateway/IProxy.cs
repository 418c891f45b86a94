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

/// <summary>The proxy no longer has the key that signed in.</summary>
public sealed class UnknownKeyException() : Exception("The proxy no longer has this key.");
