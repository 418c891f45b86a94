using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Where the keys for an endpoint come from.</summary>
public interface ICredentialSource
{
    /// <summary>The keys to sign with now, or null to ask without a signature.</summary>
    /// <exception cref="InvalidOperationException">There are none; the message says where they were looked for.</exception>
    ValueTask<SigningCredentials?> GetAsync(CancellationToken cancellationToken);
}
