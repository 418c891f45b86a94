using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// The target of a request. Parsed from the request line as sent: a web server's decoding loses what keys may contain, such as
/// <c>../up</c>, <c>a%2Fb</c>, <c>x//y</c>.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html</remarks>
/// <param name="RawPath">The path as sent, still encoded. This is what was signed.</param>
/// <param name="RawQuery">The query as sent, without its question mark.</param>
/// <param name="Bucket">The bucket, decoded once; empty for the service.</param>
/// <param name="Key">The key, decoded once; empty for a bucket.</param>
/// <param name="IsVirtualHosted">Whether the host name contained the bucket.</param>
public readonly record struct RequestTarget(string RawPath, string RawQuery, string Bucket, string Key, bool IsVirtualHosted)
{
    /// <summary>The path of the administration (rule A5), which no bucket can have as its name.</summary>
    public const string AdministrationName = "-";

    /// <summary>Whether the administration is called. Under a bucket's own host name, the same path is a key of that bucket.</summary>
    public bool IsAdministration => Bucket == AdministrationName && !IsVirtualHosted;

    /// <summary>Whether the host is that of a bucket's website.</summary>
    public bool IsWebsite { get; init; }

    /// <summary>Parses a target.</summary>
    /// <param name="host">The Host header, with its port if sent.</param>
    /// <param name="domain">The domain whose subdomains are buckets.</param>
    /// <param name="knowsTenants">Whether other tenants' buckets are accepted (<see cref="BucketNames.IsAddressableWithTenant"/>).</param>
    /// <param name="websiteDomain">The domain whose subdomains are websites; empty for none.</param>
    /// <exception cref="S3Exception">InvalidURI or InvalidBucketName.</exception>
    public static RequestTarget Parse(
        string rawTarget, string host, string domain, bool knowsTenants = false, string websiteDomain = "")
    {
        var (path, query) = Split(rawTarget);
        if (websiteDomain.Length > 0 && BucketOfHost(host, websiteDomain) is { } site)
        {
            return new RequestTarget(path, query, CheckedBucket(site, knowsTenants), DecodedKey(path.AsSpan(1)), true) { IsWebsite = true };
        }

        if (BucketOfHost(host, domain) is { } hostBucket)
        {
            return new RequestTarget(path, query, CheckedBucket(hostBucket, knowsTenants), DecodedKey(path.AsSpan(1)), true);
        }

        var slash = path.IndexOf('/', 1);
        var bucket = slash < 0 ? path.AsSpan(1) : path.AsSpan(1, slash - 1);
        var key = slash < 0 ? [] : path.AsSpan(slash + 1);
        if (bucket.IsEmpty)
        {
            return key.IsEmpty && slash < 0
                ? new RequestTarget(path, query, "", "", false)
                : throw new S3Exception(S3Errors.InvalidBucketName);
        }

        return new RequestTarget(path, query, CheckedBucket(Decode(bucket), knowsTenants), DecodedKey(key), false);
    }

    /// <summary>Path and query of an origin-form or absolute-form target (RFC 9112, section 3.2).</summary>
    private static (string Path, string Query) Split(string target)
    {
        if (!target.StartsWith('/'))
        {
            var authority = target.IndexOf("://", StringComparison.Ordinal);
            if (authority < 0)
            {
                throw new S3Exception(S3Errors.InvalidUri);
            }

            var slash = target.AsSpan(authority + 3).IndexOfAny('/', '?');
            target = slash < 0 ? "/" : target[(authority + 3 + slash)..];
            target = target.StartsWith('?') ? "/" + target : target;
        }

        var mark = target.IndexOf('?');
        return mark < 0 ? (target, "") : (target[..mark], target[(mark + 1)..]);
    }

    /// <summary>A Host header without its port.</summary>
    public static ReadOnlySpan<char> HostName(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        return colon >= 0 && !host[colon..].Contains(']') ? host[..colon] : host;
    }

    /// <summary>The bucket that a Host header names below a domain; null for none.</summary>
    public static string? BucketOfHost(string host, string domain)
    {
        var name = HostName(host);
        var dot = name.Length - domain.Length - 1;
        return domain.Length > 0 && dot > 0 && name[dot] == '.' && name[(dot + 1)..].Equals(domain, StringComparison.OrdinalIgnoreCase)
            ? name[..dot].ToString().ToLowerInvariant()
            : null;
    }

    private static string CheckedBucket(string name, bool knowsTenants) =>
        (knowsTenants ? BucketNames.IsAddressableWithTenant(name) : BucketNames.IsAddressable(name))
        ? name
        : throw new S3Exception(S3Errors.InvalidBucketName) { Details = [new("BucketName", name)] };

    private static string DecodedKey(ReadOnlySpan<char> raw)
    {
        var key = Decode(raw);
        ObjectKeys.Check(key);
        return key;
    }

    private static string Decode(ReadOnlySpan<char> raw) => UriEncoding.TryDecode(raw, out var text) ? text
        : throw new S3Exception(S3Errors.InvalidUri);
}
