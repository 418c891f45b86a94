using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The result of authenticating a request.</summary>
/// <param name="Caller">
/// The caller that signed; <see cref="S3Caller.Anonymous"/> for an unsigned request, which the front door decides on.
/// </param>
/// <param name="Payload">How the body is framed, and what to check while it is read.</param>
public readonly record struct AuthenticatedRequest(S3Caller Caller, PayloadPlan Payload)
{
    /// <summary>A request that is never signed, such as a preflight.</summary>
    public static AuthenticatedRequest Nobody => new(S3Caller.Anonymous, PayloadHashes.Plan(SigV4.UnsignedPayload, signatures: null));
}
