namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>What an S3 endpoint can do, as found by trying. Servers ignore what they do not know as often as they refuse it.</summary>
public sealed record StoreCapabilities
{
    /// <summary>PUT with <c>If-None-Match: *</c> writes a new key and refuses one that is there.</summary>
    public bool PutsIfNew { get; init; }

    /// <summary>PUT with If-Match takes the right ETag and refuses a wrong one.</summary>
    public bool PutsIfMatch { get; init; }

    /// <summary>DELETE with If-Match takes the right ETag and refuses a wrong one.</summary>
    public bool DeletesIfMatch { get; init; }

    /// <summary>CompleteMultipartUpload refuses a key that is there where If-None-Match says so, and a wrong ETag where If-Match does.</summary>
    public bool CompletesIf { get; init; }

    /// <summary>CopyObject does so of its destination.</summary>
    public bool CopiesIf { get; init; }

    /// <summary>PUT takes <c>x-amz-checksum-crc32</c> as a header.</summary>
    public bool TakesChecksums { get; init; }

    /// <summary>PUT takes checksums in the trailer of an unsigned aws-chunked body over this scheme, and stores the body without its framing.</summary>
    public bool TakesTrailers { get; init; }

    /// <summary>An object sent in aws-chunked framing is given back with <c>Content-Encoding: aws-chunked</c>, though the framing is gone.</summary>
    public bool KeepsChunkedEncoding { get; init; }

    /// <summary>The ETag of a simple PUT is the MD5 of its bytes.</summary>
    public bool HasPlainETags { get; init; }

    /// <summary>Buckets can have versions.</summary>
    public bool HasVersions { get; init; }

    /// <summary>There is GetObjectAttributes.</summary>
    public bool HasObjectAttributes { get; init; }

    /// <summary>For people.</summary>
    public override string ToString() =>
        $"PUT If-None-Match {Word(PutsIfNew)}, PUT If-Match {Word(PutsIfMatch)}, DELETE If-Match {Word(DeletesIfMatch)}, conditional completes {Word(CompletesIf)}, "
        + $"conditional copies {Word(CopiesIf)}, checksum headers {Word(TakesChecksums)}, checksum trailers {Word(TakesTrailers)}, "
        + $"aws-chunked kept as encoding {Word(KeepsChunkedEncoding)}, MD5 as ETag {Word(HasPlainETags)}, versions {Word(HasVersions)}, object attributes {Word(HasObjectAttributes)}";

    private static string Word(bool can) => can ? "yes" : "no";
}
