using System.Diagnostics.CodeAnalysis;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The keys that clients may sign with.</summary>
public interface IKeyRing
{
    /// <summary>Looks up the secret of an access key.</summary>
    /// <returns>False if the key is unknown.</returns>
    bool TryGetSecret(string accessKey, [NotNullWhen(true)] out string? secret);
}
