using System.Globalization;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// How a body's checksum is sent to the store. A client's checksum is verified here, before the last byte is sent (rule W7). A checksum of
/// a copy is computed on the way.
/// </summary>
/// <remarks>
/// <code>
///   sent as a header                                     unchanged
///   sent after a body that has been read                 as a header
///   sent after the body, the store takes trailers        after the body, in frames
///   ..., the store checks headers, or it is unknown      as a header, after spooling the body: MinIO may refuse a part without one
///   ..., the store checks none                           not sent: it was verified here
///   of a copy, a kind the store may not know             not sent, unless the client asked for it
///   none sent, the store keeps cut bodies                computed on the way for an object; a part is framed without one
/// </code>
/// </remarks>
internal static class RelayedChecksums
{
    /// <summary>Names the algorithm. RGW needs it to keep a checksum; Versity refuses it without a checksum.</summary>
    private const string AlgorithmHeader = "x-amz-sdk-checksum-algorithm";

    /// <summary>The checksum added for stores that would keep a cut body.</summary>
    private const ChecksumAlgorithm Seal = ChecksumAlgorithm.Crc32;

    /// <summary>
    /// True if a store that keeps cut bodies would get neither hash nor checksum: then one is computed on the way. Not for parts, whose
    /// upload may use another kind of checksum or none; they are framed (<see cref="Framing"/>).
    /// </summary>
    public static bool NeedSeal(S3Request request, StoreCapabilities? store) =>
        request.Operation == S3Operation.PutObject && IsBare(request, store);

    /// <summary>
    /// True if the checksum computed for a copy is of a kind that the store may not know and the client did not ask for. It is left out.
    /// </summary>
    public static bool AreUnknown(S3Request request, StoreCapabilities? store) =>
        request is OverlayPut { MayLoseChecksum: true } && request.Body.ComingChecksum is { } coming && ChecksumNames.IsLate(coming)
            && store is not { TakesLateChecksums: true };

    /// <summary>The body with a checksum computed on the way.</summary>
    public static SummedBody Sealed(S3Body body) => new(body, Seal, leavesOpen: true);

    /// <summary>True if the body must be read to its end before the checksum can be sent.</summary>
    public static bool NeedEnd(S3Request request, StoreCapabilities? store) =>
        store is not { TakesTrailers: true } && request.Body.ComingChecksum is not null
            && store is not { ChecksChecksums: false } or { KeepsCutBodies: true };

    /// <summary>The framing; null to send the body as it is.</summary>
    public static TrailingChecksum? Framing(S3Request request, StoreCapabilities? store, long length) =>
        store is { TakesTrailers: true } && request.Body.ComingChecksum is { } algorithm ? new TrailingChecksum(algorithm, length)
        : store is { TakesBareFrames: true } && request.Operation == S3Operation.UploadPart && IsBare(request, store)
            ? new TrailingChecksum(null, length)
        : null;

    /// <summary>Adds the checksum header if it arrived behind the body, and the algorithm's name if there is a checksum.</summary>
    public static void Add(HttpRequestMessage message, S3Request request, List<KeyValuePair<string, string>> signed)
    {
        var named = request.Header(AlgorithmHeader);
        if (request.Body.Checksum is { } checksum && !request.Headers.ContainsKey(ChecksumNames.Header(checksum.Algorithm)))
        {
            RequestHeaders.Add(message, ChecksumNames.Header(checksum.Algorithm), checksum.Value, signed);
            named ??= ChecksumNames.Name(checksum.Algorithm);
        }
        else if (request.Headers.ContainsKey("x-amz-trailer"))
        {
            return;
        }

        if (named is not null)
        {
            RequestHeaders.Add(message, AlgorithmHeader, named, signed);
        }
    }

    /// <summary>Adds the headers of a framed body.</summary>
    /// <returns>The value of x-amz-content-sha256.</returns>
    public static string AddFraming(
        HttpRequestMessage message, S3Request request, TrailingChecksum trailer, long length, StoreCapabilities? store,
        List<KeyValuePair<string, string>> signed)
    {
        RequestHeaders.Add(message, "x-amz-decoded-content-length", length.ToString(CultureInfo.InvariantCulture), signed);
        if (trailer.Algorithm is { } algorithm)
        {
            RequestHeaders.Add(message, "x-amz-trailer", ChecksumNames.Header(algorithm), signed);
            RequestHeaders.Add(message, AlgorithmHeader, request.Header(AlgorithmHeader) ?? ChecksumNames.Name(algorithm), signed);
        }

        if (store is { NeedsChunkedEncoding: true })
        {
            // Only if the store needs it: many would return it with the object.
            var encoding = ContentEncodings.ToStore(request.Header("Content-Encoding"));
            message.Content!.Headers.Remove("Content-Encoding");
            message.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding is null ? "aws-chunked"
                : $"aws-chunked,{encoding}");
        }

        return SigV4.StreamingUnsignedPayloadTrailer;
    }

    /// <summary>True if a store that keeps cut bodies would know only the length.</summary>
    private static bool IsBare(S3Request request, StoreCapabilities? store) =>
        store is { KeepsCutBodies: true } && request.Body is { Checksum: null, ComingChecksum: null }
        && !request.Headers.ContainsKey("Content-MD5") && request.Header("x-amz-content-sha256") is not { Length: 64 };
}
