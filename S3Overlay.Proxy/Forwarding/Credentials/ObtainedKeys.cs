using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Credentials;

/// <summary>Keys as a source gave them.</summary>
/// <param name="Keys">What to sign with.</param>
/// <param name="Expires">When they expire: <see cref="DateTimeOffset.MaxValue"/> for never, null where the source does not say.</param>
internal sealed record ObtainedKeys(SigningCredentials Keys, DateTimeOffset? Expires);
