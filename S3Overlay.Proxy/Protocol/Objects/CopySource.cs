using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>
/// The object that CopyObject or UploadPartCopy reads: <c>x-amz-copy-source</c>, decoded once, in one place for the check and for the
/// store.
/// </summary>
/// <param name="Bucket">The source bucket.</param>
/// <param name="Key">The source key.</param>
/// <param name="VersionId">The version asked for, or null for the current one.</param>
/// <remarks>
/// It is decoded as a query is: a plus is a space, which is how some languages write one (Go's <c>url.QueryEscape</c>, PHP's
/// <c>urlencode</c>), and S3 reads it. A plus of the key is <c>%2B</c>.
/// </remarks>
public sealed record CopySource(string Bucket, string Key, string? VersionId)
{
    private const string Header = "x-amz-copy-source";
    private const string VersionMark = "?versionId=";

    /// <summary>The source where each plus is read as one, as some stores do (MinIO, RGW); null where that makes no difference.</summary>
    public CopySource? WithPlus { get; private init; }

    /// <summary>The canonical spelling in which each plus that the client left as it is stays one; null where there is none.</summary>
    private string? PlusSpelling { get; init; }

    /// <summary>Reads the header.</summary>
    /// <param name="request">The request.</param>
    /// <param name="knowsTenants">Whether the bucket may be another tenant's (<see cref="BucketNames.IsAddressableWithTenant"/>).</param>
    /// <exception cref="S3Exception">InvalidArgument where it does not name a bucket and a key.</exception>
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
                // A store could read another one of the two.
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
    /// The request with this source in its canonical spelling, in which no store can read another one: <c>?</c> and <c>#</c> of the key are
    /// encoded, so that none takes them for the end of a URL's path.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="leavesPlus">Whether a plus that the client left as it is stays for the store to read; its client must then be allowed
    /// both readings.</param>
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
            // No object has such a key: it cannot stand in the target of a request either.
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
