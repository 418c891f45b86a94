using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Supplies keys for an endpoint.</summary>
public interface ICredentialSource
{
    /// <summary>The current keys; null for unsigned requests.</summary>
    /// <exception cref="InvalidOperationException">No keys could be obtained. The message says from where.</exception>
    ValueTask<SigningCredentials?> GetAsync(CancellationToken cancellationToken);
}
