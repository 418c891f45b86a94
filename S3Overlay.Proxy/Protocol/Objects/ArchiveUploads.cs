using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>
/// Archives that some stores (MinIO, RustFS) unpack on upload: the archive names the keys of the resulting objects, which no check
/// authorised. Other stores treat the header as plain metadata.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/snowball/latest/developer-guide/batching-small-files.html</remarks>
public static class ArchiveUploads
{
    private const string Mark = "x-amz-meta-snowball-auto-extract";

    /// <summary>Whether a request asks for unpacking. Stores disagree which values mean yes, so any counts.</summary>
    public static bool Is(S3Request request) => request.Method == "PUT" && request.Headers.ContainsKey(Mark);

    /// <summary>Whether this header asks for it.</summary>
    public static bool IsMark(string header) => header.Equals(Mark, StringComparison.OrdinalIgnoreCase);

    /// <summary>The error in a bucket with a remote: unpacked objects would bypass the overlay.</summary>
    public static S3Exception NotOverlaid() => new(S3Errors.NotImplemented,
        "Archives are not unpacked in buckets that have a remote: remove the snowball-auto-extract metadata.");
}
