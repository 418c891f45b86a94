using System.Globalization;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// In which form the checksum of a body goes on to the store: a client's, which has been verified here, or is before the last byte goes out
/// (rule W7); or one that was computed on the way, of a copy.
/// </summary>
/// <remarks>
/// <code>
///   came as a header                                     as it came
///   came behind the body, which is known by now          as a header
///   comes behind the body, the store takes trailers      behind the body, in frames of our own
/// ..., the store checks headers, or nobody knows yet   as a header, once the body is in a file: a store may refuse a part that has none
/// (MinIO does)
///   ..., the store checks none                           not at all: it was verified here
///   computed of a copy, a kind the store may not know    not at all, unless the client has asked for it
///   came not at all, the store would keep part of it     an object's is computed on the way; a part goes in frames without one
/// </code>
/// </remarks>
internal static class RelayedChecksums
{
    /// <summary>
    /// Which algorithm a checksum is of. Some stores learn it only from here, and keep no checksum where it does not come along (RGW);
    /// others refuse it alone (Versity).
    /// </summary>
    private const string AlgorithmHeader = "x-amz-sdk-checksum-algorithm";

    /// <summary>What a store is told of a body that it would keep a part of, unless it is told more than its length.</summary>
    private const ChecksumAlgorithm Seal = ChecksumAlgorithm.Crc32;

    /// <summary>
    /// Whether nothing tells a store that keeps what came of a body that there is more to come, neither a hash nor a checksum: one is
    /// computed on the way then. Not of a part: its upload may be one of checksums of another kind, or of none, and frames alone have to do
    /// (<see cref="Framing"/>).
    /// </summary>
    public static bool NeedSeal(S3Request request, StoreCapabilities? store) =>
        request.Operation == S3Operation.PutObject && IsBare(request, store);

    /// <summary>
    /// Whether the checksum that is computed on the way is of a kind the store is not known to take, and nobody has asked for: the copy
    /// goes without it.
    /// </summary>
    public static bool AreUnknown(S3Request request, StoreCapabilities? store) =>
        request is OverlayPut { MayLoseChecksum: true } && request.Body.ComingChecksum is { } coming && ChecksumNames.IsLate(coming)
            && store is not { TakesLateChecksums: true };

    /// <summary>The body with the checksum that tells the store where it ends.</summary>
    public static SummedBody Sealed(S3Body body) => new(body, Seal, leavesOpen: true);

    /// <summary>Whether the end of the body must have come before the store can be told its checksum.</summary>
    public static bool NeedEnd(S3Request request, StoreCapabilities? store) =>
        store is not { TakesTrailers: true } && request.Body.ComingChecksum is not null
            && store is not { ChecksChecksums: false } or { KeepsCutBodies: true };

    /// <summary>The frames to send a body in; null where it goes as it is.</summary>
    public static TrailingChecksum? Framing(S3Request request, StoreCapabilities? store, long length) =>
        store is { TakesTrailers: true } && request.Body.ComingChecksum is { } algorithm ? new TrailingChecksum(algorithm, length)
        : store is { TakesBareFrames: true } && request.Operation == S3Operation.UploadPart && IsBare(request, store)
            ? new TrailingChecksum(null, length)
        : null;

    /// <summary>
    /// Adds what is known of the checksum: its header, where it came behind the body, and its algorithm's name, where either came.
    /// </summary>
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

    /// <summary>Adds what announces a body in frames.</summary>
    /// <returns>What stands for the body's hash.</returns>
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
            // Where the framing is known without it, nothing is said of it: many a store would give it back with the object.
            var encoding = ContentEncodings.ToStore(request.Header("Content-Encoding"));
            message.Content!.Headers.Remove("Content-Encoding");
            message.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding is null ? "aws-chunked"
                : $"aws-chunked,{encoding}");
        }

        return SigV4.StreamingUnsignedPayloadTrailer;
    }

    /// <summary>Whether a store that keeps what came would be told nothing of a body but its length.</summary>
    private static bool IsBare(S3Request request, StoreCapabilities? store) =>
        store is { KeepsCutBodies: true } && request.Body is { Checksum: null, ComingChecksum: null }
        && !request.Headers.ContainsKey("Content-MD5") && request.Header("x-amz-content-sha256") is not { Length: 64 };
}
