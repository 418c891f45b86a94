using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>How to read a body, as its request's signature says.</summary>
/// <param name="HasTrailer">Whether headers follow the last chunk.</param>
/// <param name="Sha256">The SHA-256 of the whole body in hex; null if none was sent.</param>
/// <param name="Signatures">Checks the chunks; null if they are unsigned or not checked (<c>S3_OVERLAY_AUTH=none</c>).</param>
public readonly record struct PayloadPlan(
    PayloadFraming Framing, bool HasTrailer = false, string? Sha256 = null, ChunkSignatures? Signatures = null)
{
    /// <summary>A plain body without a hash.</summary>
    public static readonly PayloadPlan Unsigned = new(PayloadFraming.Plain);
}

/// <summary>How a body is framed inside HTTP.</summary>
public enum PayloadFraming
{
    /// <summary>The bytes themselves.</summary>
    Plain,

    /// <summary><c>aws-chunked</c>, without signatures.</summary>
    Chunks,

    /// <summary><c>aws-chunked</c>, every chunk signed.</summary>
    SignedChunks,
}
