using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>
/// The source of CopyObject or UploadPartCopy: <c>x-amz-copy-source</c>, decoded once for both the access check and the store.
/// </summary>
/// <remarks>
/// Decoded like a query: a plus is a space. Some languages write spaces that way (Go's <c>url.QueryEscape</c>, PHP's <c>urlencode</c>), and
/// S3 reads it. A plus in the key is <c>%2B</c>.
/// </remarks>
/// <param name="VersionId">The version; null for the current one.</param>
public sealed record CopySource(string Bucket, string Key, string? VersionId)
{
    private const string Header = "x-amz-copy-source";
    private const string VersionMark = "?versionId=";

    /// <summary>The source if a plus stays a plus, as some stores read it (MinIO, RGW); null if that changes nothing.</summary>
    public CopySource? WithPlus { get; private init; }

    /// <summary>The canonical spelling that keeps unencoded pluses; null if there are none.</summary>
    private string? PlusSpelling { get; init; }

    /// <summary>Parses the header.</summary>
    /// <param name="knowsTenants">Whether other tenants' buckets are accepted (<see cref="BucketNames.IsAddressableWithTenant"/>).</param>
    /// <exception cref="S3Exception">InvalidArgument unless it names a bucket and a key.</exception>
    public static CopySource Parse(S3Request request, bool knowsTenants = false)
    {
        var header = HeaderText.ToText(request.Header(Header) ?? throw Invalid());
        string? version = null;
        if (header.IndexOf(VersionMark, StringComparison.Ordinal) is var mark && mark >= 0)
        {
            if (!UriEncoding.TryDecode(header.AsSpan(mark + VersionMark.Length), out version))
            {
                throw Invalid();
            }

            if (version.Contains("versionId=", StringComparison.OrdinalIgnoreCase))
            {
                // A store might use the other one.
                throw new S3Exception(S3Errors.InvalidArgument, "The copy source names its version more than once.");
            }

            header = header[..mark];
        }

        if (!UriEncoding.TryDecodeQuery(header, out var path) || !UriEncoding.TryDecode(header, out var withPlus))
        {
            throw Invalid();
        }

        var source = Of(path, version, knowsTenants);
        return path == withPlus ? source
            : source with { WithPlus = Of(withPlus, version, knowsTenants), PlusSpelling = SpellWithPlus(header) };
    }

    /// <summary>
    /// Rewrites the request with the canonical spelling, which every store reads the same way: <c>?</c> and <c>#</c> in keys are encoded,
    /// so that no store takes them for the end of the path.
    /// </summary>
    /// <param name="leavesPlus">
    /// Whether unencoded pluses stay for the store to read. The client must then be allowed to read both sources.
    /// </param>
    public S3Request Spell(S3Request request, bool leavesPlus = false)
    {
        var spelling = (leavesPlus && PlusSpelling is { } plus ? plus : UriEncoding.EncodeKey($"{Bucket}/{Key}"))
            + (VersionId is null ? "" : VersionMark + UriEncoding.EncodeComponent(VersionId));
        return request.Header(Header) == spelling ? request : request.With(Header, spelling);
    }

    private static string SpellWithPlus(string header)
    {
        var pieces = header.Split('+');
        for (var i = 0; i < pieces.Length; i++)
        {
            UriEncoding.TryDecode(pieces[i], out var decoded);
            pieces[i] = UriEncoding.EncodeKey(decoded);
        }

        var path = string.Join('+', pieces);
        return path.StartsWith('/') ? path[1..] : path;
    }

    private static CopySource Of(string path, string? version, bool knowsTenants)
    {
        if (path.StartsWith('/'))
        {
            path = path[1..];
        }

        if (path.Contains('\0'))
        {
            // No object has such a key: a request cannot name it either.
            throw new S3Exception(S3Errors.InvalidArgument, "The copy source must not contain a NUL character.");
        }

        var slash = path.IndexOf('/');
        if (slash <= 0 || slash == path.Length - 1
            || !(knowsTenants ? BucketNames.IsAddressableWithTenant(path[..slash]) : BucketNames.IsAddressable(path[..slash])))
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
