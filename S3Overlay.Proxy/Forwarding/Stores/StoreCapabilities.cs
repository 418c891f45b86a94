using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>The capabilities of an S3 endpoint, found by trying. Servers ignore what they do not know as often as they refuse it.</summary>
public sealed record StoreCapabilities
{
    /// <summary>
    /// Of two concurrent conditional writes only one succeeds, however slow their bodies are. Otherwise no write condition counts as
    /// honoured.
    /// </summary>
    public bool TakesOneAlone { get; init; }

    /// <summary>The conditions it honours.</summary>
    public LocalConditions Conditions { get; init; } = new();

    /// <summary>
    /// PUT accepts a correct checksum header and refuses a wrong or malformed one, if <c>x-amz-sdk-checksum-algorithm</c> names the
    /// algorithm.
    /// </summary>
    public bool ChecksChecksums { get; init; }

    /// <summary>
    /// PUT accepts checksums in the trailer of an unsigned aws-chunked body over this scheme, and stores the body without the framing.
    /// </summary>
    public bool TakesTrailers { get; init; }

    /// <summary>
    /// It accepts trailers of S3's newer checksums, tried with XXHASH64 (<see cref="Protocol.Bodies.ChecksumNames.IsLate"/>).
    /// </summary>
    public bool TakesLateChecksums { get; init; }

    /// <summary>It needs <c>Content-Encoding: aws-chunked</c> to recognise such a body.</summary>
    public bool NeedsChunkedEncoding { get; init; }

    /// <summary>
    /// It keeps the received part of a PUT whose connection breaks, unless it got a hash, a checksum or frames. Then holding back the last
    /// byte (rule W7) does not protect.
    /// </summary>
    public bool KeepsCutBodies { get; init; }

    /// <summary>It then also accepts frames without a checksum, and keeps nothing of a body that ends early.</summary>
    public bool TakesBareFrames { get; init; }

    /// <summary>Buckets can have versions.</summary>
    public bool HasVersions { get; init; }

    /// <summary>Naming the version <c>null</c> of an unversioned object is no error, as it is at some stores without versions.</summary>
    public bool TakesNullVersion { get; init; }

    /// <summary>
    /// It knows GetObjectAttributes. Stores that do not return the object instead. Refusals of a store that does not say so are forwarded.
    /// </summary>
    public bool HasAttributes { get; init; }

    /// <summary>All capabilities in one line, for the log.</summary>
    public override string ToString() =>
        $"PUT If-None-Match {Word(Conditions.PutsIfNew)}, PUT If-Match {Word(Conditions.PutsIfMatch)}, "
        + $"DELETE If-Match {Word(Conditions.DeletesIfMatch)}, completes If-None-Match {Word(Conditions.CompletesIfNew)}, "
        + $"completes If-Match {Word(Conditions.CompletesIfMatch)}, copies If-None-Match {Word(Conditions.CopiesIfNew)}, "
        + $"copies If-Match {Word(Conditions.CopiesIfMatch)}, keys kept to conditional writes {Word(Conditions.KeepKeys)}, "
        + $"one alone of two at once {Word(TakesOneAlone)}, checksums checked {Word(ChecksChecksums)}, "
        + $"checksum trailers {Word(TakesTrailers)}, newer checksum trailers {Word(TakesLateChecksums)}, "
        + $"aws-chunked must be named {Word(NeedsChunkedEncoding)}, cut bodies kept {Word(KeepsCutBodies)}, "
        + $"frames without checksums {Word(TakesBareFrames)}, versions {Word(HasVersions)}, "
        + $"version null {Word(TakesNullVersion)}, attributes {Word(HasAttributes)}";

    private static string Word(bool can) => can ? "yes" : "no";
}
