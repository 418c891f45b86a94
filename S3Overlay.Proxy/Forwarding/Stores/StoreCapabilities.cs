namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>What an S3 endpoint can do, as found by trying. Servers ignore what they do not know as often as they refuse it.</summary>
public sealed record StoreCapabilities
{
    /// <summary>
    /// Of two conditional writes at once it takes one alone, however slowly the body of the other comes. Where it does not, a condition says nothing about what is there when the write is done, and
    /// none of those of writes is taken for one that it honours.
    /// </summary>
    public bool TakesOneAlone { get; init; }

    /// <summary>PUT with <c>If-None-Match: *</c> writes a new key and refuses one that is there.</summary>
    public bool PutsIfNew { get; init; }

    /// <summary>PUT with If-Match takes the right ETag and refuses a wrong one, and any where nothing is there: what was deleted meanwhile must stay so.</summary>
    public bool PutsIfMatch { get; init; }

    /// <summary>DELETE with If-Match takes the right ETag and refuses a wrong one.</summary>
    public bool DeletesIfMatch { get; init; }

    /// <summary>CompleteMultipartUpload refuses a key that is there where If-None-Match says so.</summary>
    public bool CompletesIfNew { get; init; }

    /// <summary>It refuses a wrong ETag, too, where If-Match says so, and any where nothing is there.</summary>
    public bool CompletesIfMatch { get; init; }

    /// <summary>CopyObject refuses a destination that is there where If-None-Match says so.</summary>
    public bool CopiesIfNew { get; init; }

    /// <summary>It refuses a wrong ETag of its destination, too, where If-Match says so, and any where nothing is there.</summary>
    public bool CopiesIfMatch { get; init; }

    /// <summary>
    /// A conditional PUT has its key to itself from its headers to its answer (MinIO): whoever else asks for the key waits.
    /// </summary>
    public bool KeepsKeys { get; init; }

    /// <summary>PUT takes a right checksum in a header, and refuses a wrong one and what cannot be one, where <c>x-amz-sdk-checksum-algorithm</c> names its algorithm.</summary>
    public bool ChecksChecksums { get; init; }

    /// <summary>PUT takes checksums in the trailer of an unsigned aws-chunked body over this scheme, and keeps the body without its framing, and without a word of it.</summary>
    public bool TakesTrailers { get; init; }

    /// <summary>It knows such a body only where <c>Content-Encoding: aws-chunked</c> names its framing.</summary>
    public bool NeedsChunkedEncoding { get; init; }

    /// <summary>
    /// Of a PUT whose connection ends before its body does it keeps what came, unless it was told what the body has to be: its hash, a checksum, or frames. So the last byte that is held back
    /// (rule W7) would be all that an object lacks.
    /// </summary>
    public bool KeepsCutBodies { get; init; }

    /// <summary>Where it does: it takes frames without a checksum behind them as well, and keeps nothing of a body that ends before its last.</summary>
    public bool TakesBareFrames { get; init; }

    /// <summary>The ETag of a simple PUT is the MD5 of its bytes.</summary>
    public bool HasPlainETags { get; init; }

    /// <summary>Buckets can have versions.</summary>
    public bool HasVersions { get; init; }

    /// <summary>The version <c>null</c> of an object that was never given another is no error in the request, as any id is to some stores that have no versions.</summary>
    public bool TakesNullVersion { get; init; }

    /// <summary>It answers GetObjectAttributes: not with the object, as stores do that do not know the sub-resource. One that refuses to say may answer others, and its refusals stand.</summary>
    public bool HasAttributes { get; init; }

    /// <summary>For people.</summary>
    public override string ToString() =>
        $"PUT If-None-Match {Word(PutsIfNew)}, PUT If-Match {Word(PutsIfMatch)}, DELETE If-Match {Word(DeletesIfMatch)}, completes If-None-Match {Word(CompletesIfNew)}, "
        + $"completes If-Match {Word(CompletesIfMatch)}, copies If-None-Match {Word(CopiesIfNew)}, copies If-Match {Word(CopiesIfMatch)}, keys kept to conditional writes {Word(KeepsKeys)}, one alone of two at once {Word(TakesOneAlone)}, checksums checked {Word(ChecksChecksums)}, checksum trailers {Word(TakesTrailers)}, "
        + $"aws-chunked must be named {Word(NeedsChunkedEncoding)}, cut bodies kept {Word(KeepsCutBodies)}, frames without checksums {Word(TakesBareFrames)}, MD5 as ETag {Word(HasPlainETags)}, versions {Word(HasVersions)}, version null {Word(TakesNullVersion)}, attributes {Word(HasAttributes)}";

    private static string Word(bool can) => can ? "yes" : "no";
}
