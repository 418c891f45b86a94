using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>What authentication found.</summary>
/// <param name="Caller">Who signed; <see cref="S3Caller.Anonymous"/> where nobody did, for the front door to decide on.</param>
/// <param name="Payload">How the body is framed, and what of it must be checked while it is read.</param>
public readonly record struct AuthenticatedRequest(S3Caller Caller, PayloadPlan Payload)
{
    /// <summary>A request that nobody signs by its nature.</summary>
    public static AuthenticatedRequest Nobody => new(S3Caller.Anonymous, PayloadHashes.Plan(SigV4.UnsignedPayload, signatures: null));
}
