using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Supplies the current keys for an endpoint; null for unsigned requests.</summary>
/// <exception cref="InvalidOperationException">No keys could be obtained. The message says from where.</exception>
public delegate ValueTask<SigningCredentials?> CredentialSource(CancellationToken cancellationToken);
