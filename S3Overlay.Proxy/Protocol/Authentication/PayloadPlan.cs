using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>How a body is to be read, as its request's signature has it.</summary>
/// <param name="Framing">How it is framed.</param>
/// <param name="HasTrailer">Whether headers follow the last chunk.</param>
/// <param name="Sha256">The hash that all of it must have, in hex; null where none was promised.</param>
/// <param name="Signatures">What checks the chunks; null where they are not signed, or not checked (<c>S3_OVERLAY_AUTH=none</c>).</param>
public readonly record struct PayloadPlan(
    PayloadFraming Framing, bool HasTrailer = false, string? Sha256 = null, ChunkSignatures? Signatures = null)
{
    /// <summary>A body that is just its bytes.</summary>
    public static readonly PayloadPlan Unsigned = new(PayloadFraming.Plain);
}

/// <summary>How a request's body is framed inside of HTTP.</summary>
public enum PayloadFraming
{
    /// <summary>The bytes themselves.</summary>
    Plain,

    /// <summary><c>aws-chunked</c>, without signatures.</summary>
    Chunks,

    /// <summary><c>aws-chunked</c>, every chunk signed.</summary>
    SignedChunks,
}
