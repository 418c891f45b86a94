using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Keys from the configuration; null for an endpoint that is read without a signature.</summary>
public sealed class FixedCredentials(SigningCredentials? credentials) : ICredentialSource
{
    /// <inheritdoc/>
    public ValueTask<SigningCredentials?> GetAsync(CancellationToken cancellationToken) => new(credentials);
}
