using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>What an S3 endpoint can do, as found by trying. Servers ignore what they do not know as often as they refuse it.</summary>
public sealed record StoreCapabilities
{
    /// <summary>
    /// Of two conditional writes at once it takes one alone, however slowly the body of the other comes. Where it does not, a condition
    /// says nothing about what is there when the write is done, and none of those of writes is taken for one that it honours.
    /// </summary>
    public bool TakesOneAlone { get; init; }

    /// <summary>Which conditions it honours.</summary>
    public LocalConditions Conditions { get; init; } = new();

    /// <summary>
    /// PUT takes a right checksum in a header, and refuses a wrong one and what cannot be one, where <c>x-amz-sdk-checksum-algorithm</c>
    /// names its algorithm.
    /// </summary>
    public bool ChecksChecksums { get; init; }

    /// <summary>
    /// PUT takes checksums in the trailer of an unsigned aws-chunked body over this scheme, and keeps the body without its framing, and
    /// without a word of it.
    /// </summary>
    public bool TakesTrailers { get; init; }

    /// <summary>
    /// It takes trailers of the kinds that came last to S3 as well, of which XXHASH64 stands for all
    /// (<see cref="Protocol.Bodies.ChecksumNames.IsLate"/>).
    /// </summary>
    public bool TakesLateChecksums { get; init; }

    /// <summary>It knows such a body only where <c>Content-Encoding: aws-chunked</c> names its framing.</summary>
    public bool NeedsChunkedEncoding { get; init; }

    /// <summary>
    /// Of a PUT whose connection ends before its body does it keeps what came, unless it was told what the body has to be: its hash, a
    /// checksum, or frames. So the last byte that is held back (rule W7) would be all that an object lacks.
    /// </summary>
    public bool KeepsCutBodies { get; init; }

    /// <summary>
    /// Where it does: it takes frames without a checksum behind them as well, and keeps nothing of a body that ends before its last.
    /// </summary>
    public bool TakesBareFrames { get; init; }

    /// <summary>The ETag of a simple PUT is the MD5 of its bytes.</summary>
    public bool HasPlainETags { get; init; }

    /// <summary>Buckets can have versions.</summary>
    public bool HasVersions { get; init; }

    /// <summary>
    /// The version <c>null</c> of an object that was never given another is no error in the request, as any id is to some stores that have
    /// no versions.
    /// </summary>
    public bool TakesNullVersion { get; init; }

    /// <summary>
    /// It answers GetObjectAttributes: not with the object, as stores do that do not know the sub-resource. One that refuses to say may
    /// answer others, and its refusals stand.
    /// </summary>
    public bool HasAttributes { get; init; }

    /// <summary>For people.</summary>
    public override string ToString() =>
        $"PUT If-None-Match {Word(Conditions.PutsIfNew)}, PUT If-Match {Word(Conditions.PutsIfMatch)}, DELETE If-Match {Word(Conditions.DeletesIfMatch)}, completes If-None-Match {Word(Conditions.CompletesIfNew)}, "
        + $"completes If-Match {Word(Conditions.CompletesIfMatch)}, copies If-None-Match {Word(Conditions.CopiesIfNew)}, copies If-Match {Word(Conditions.CopiesIfMatch)}, "
        + $"keys kept to conditional writes {Word(Conditions.KeepKeys)}, one alone of two at once {Word(TakesOneAlone)}, checksums checked {Word(ChecksChecksums)}, checksum trailers {Word(TakesTrailers)}, those of late kinds {Word(TakesLateChecksums)}, "
        + $"aws-chunked must be named {Word(NeedsChunkedEncoding)}, cut bodies kept {Word(KeepsCutBodies)}, frames without checksums {Word(TakesBareFrames)}, MD5 as ETag {Word(HasPlainETags)}, versions {Word(HasVersions)}, version null {Word(TakesNullVersion)}, attributes {Word(HasAttributes)}";

    private static string Word(bool can) => can ? "yes" : "no";
}
