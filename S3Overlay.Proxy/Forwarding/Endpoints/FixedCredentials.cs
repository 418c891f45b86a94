using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Keys from the settings; null for unsigned requests.</summary>
public sealed class FixedCredentials(SigningCredentials? credentials) : ICredentialSource
{
    /// <inheritdoc/>
    public ValueTask<SigningCredentials?> GetAsync(CancellationToken cancellationToken) => new(credentials);
}
