using System.Diagnostics.CodeAnalysis;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The keys that clients may sign with.</summary>
public interface IKeyRing
{
    /// <summary>The secret of an access key.</summary>
    /// <returns>False where the key is not known.</returns>
    bool TryGetSecret(string accessKey, [NotNullWhen(true)] out string? secret);
}
