using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Protocol.Copies;

/// <summary>The object that CopyObject or UploadPartCopy reads: <c>x-amz-copy-source</c>, decoded once, in one place for the check and for the store.</summary>
/// <param name="Bucket">The source bucket.</param>
/// <param name="Key">The source key.</param>
/// <param name="VersionId">The version asked for, or null for the current one.</param>
public sealed record CopySource(string Bucket, string Key, string? VersionId)
{
    /// <summary>Reads the header.</summary>
    /// <param name="request">The request.</param>
    /// <param name="knowsTenants">Whether the bucket may be another tenant's (<see cref="BucketNames.IsAddressableWithTenant"/>).</param>
    /// <exception cref="S3Exception">InvalidArgument where it does not name a bucket and a key.</exception>
    public static CopySource Parse(S3Request request, bool knowsTenants = false)
    {
        var header = HeaderText.ToText(request.Header("x-amz-copy-source") ?? throw Invalid());
        string? version = null;
        const string VersionMark = "?versionId=";
        if (header.IndexOf(VersionMark, StringComparison.Ordinal) is var mark && mark >= 0)
        {
            version = header[(mark + VersionMark.Length)..];
            header = header[..mark];
        }

        if (!UriEncoding.TryDecode(header, out var path))
        {
            throw Invalid();
        }

        if (path.StartsWith('/'))
        {
            path = path[1..];
        }

        var slash = path.IndexOf('/');
        if (slash <= 0 || slash == path.Length - 1 || !(knowsTenants ? BucketNames.IsAddressableWithTenant(path[..slash]) : BucketNames.IsAddressable(path[..slash])))
        {
            throw Invalid();
        }

        var key = path[(slash + 1)..];
        ObjectKeys.Check(key);
        return new CopySource(path[..slash], key, version);
    }

    private static S3Exception Invalid() =>
        new(S3Errors.InvalidArgument, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
}
