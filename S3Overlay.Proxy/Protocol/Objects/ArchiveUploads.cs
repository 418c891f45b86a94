using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>
/// Uploads of an archive that some stores (MinIO, RustFS) unpack: what is in it becomes objects whose keys the archive names, and nobody
/// has authorised. To all others its mark is plain metadata.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/snowball/latest/developer-guide/batching-small-files.html</remarks>
public static class ArchiveUploads
{
    private const string Mark = "x-amz-meta-snowball-auto-extract";

    /// <summary>Whether a request asks for it. Stores differ in which values they take for yes, so that any counts.</summary>
    public static bool Is(S3Request request) => request.Method == "PUT" && request.Headers.ContainsKey(Mark);

    /// <summary>Whether a header is the mark.</summary>
    public static bool IsMark(string header) => header.Equals(Mark, StringComparison.OrdinalIgnoreCase);

    /// <summary>The refusal in a bucket with a remote, where what is unpacked would come into the store past the overlay.</summary>
    public static S3Exception NotOverlaid() => new(S3Errors.NotImplemented,
        "Archives are not unpacked in buckets that have a remote: take the snowball-auto-extract metadata away.");
}
