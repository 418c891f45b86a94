using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Configuration.Keys;

/// <summary>The configured client keys, as authentication looks them up.</summary>
public sealed class ClientKeyRing(IEnumerable<ClientKey> keys) : IKeyRing
{
    private readonly FrozenDictionary<string, string> _secrets =
        keys.ToFrozenDictionary(key => key.AccessKey, key => key.SecretKey, StringComparer.Ordinal);

    /// <inheritdoc/>
    public bool TryGetSecret(string accessKey, [NotNullWhen(true)] out string? secret) => _secrets.TryGetValue(accessKey, out secret);
}
