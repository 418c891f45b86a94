using System.Buffers;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>How to read a body, as its request's signature says.</summary>
/// <param name="HasTrailer">Whether headers follow the last chunk.</param>
/// <param name="Sha256">The SHA-256 of the whole body in hex; null if none was sent.</param>
/// <param name="Signatures">Checks the chunks; null if they are unsigned or not checked (<c>S3_OVERLAY_AUTH=none</c>).</param>
public readonly record struct PayloadPlan(
    PayloadFraming Framing, bool HasTrailer = false, string? Sha256 = null, ChunkSignatures? Signatures = null)
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>A plain body without a hash.</summary>
    public static readonly PayloadPlan Unsigned = new(PayloadFraming.Plain);

    /// <summary>The plan for a body.</summary>
    /// <param name="hash">The value of <c>x-amz-content-sha256</c>.</param>
    /// <param name="signatures">Checks the chunks; null if there is no signature to start from.</param>
    /// <param name="isOff">Whether chunk signatures are removed unchecked.</param>
    /// <exception cref="S3Exception">S3 has no such value, or the proxy does not support it.</exception>
    public static PayloadPlan Of(string hash, ChunkSignatures? signatures, bool isOff = false)
    {
        switch (hash)
        {
            case SigV4.UnsignedPayload:
                return Unsigned;
            case SigV4.StreamingUnsignedPayloadTrailer:
                return new(PayloadFraming.Chunks, HasTrailer: true);
            case SigV4.StreamingPayload or SigV4.StreamingPayloadTrailer:
                if (signatures is null && !isOff)
                {
                    throw new S3Exception(S3Errors.AccessDenied, "A body in signed chunks needs a signed request.");
                }

                return new(PayloadFraming.SignedChunks, HasTrailer: hash == SigV4.StreamingPayloadTrailer, Signatures: signatures);
        }

        if (hash.Length == 64 && !hash.AsSpan().ContainsAnyExcept(HexDigits))
        {
            return new(PayloadFraming.Plain, Sha256: hash);
        }

        throw hash.StartsWith("STREAMING-", StringComparison.Ordinal)
            ? new S3Exception(
                S3Errors.NotImplemented, "This kind of streaming body is not implemented: use AWS4-HMAC-SHA256 or an unsigned payload.")
            : S3Exception.Argument(
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.", "x-amz-content-sha256", hash);
    }

    /// <summary>The value that a request sent; null for none.</summary>
    public static string? Sent(IHeaderDictionary headers) =>
        headers.TryGetValue("x-amz-content-sha256", out var sent) && sent.Count > 0 ? sent.ToString().Trim() : null;
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
