using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Builds the URL of a bucket or object. Every byte of the key is kept.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html</remarks>
internal sealed class EndpointAddress(Uri endpoint, AddressingStyle style)
{
    /// <summary>Otherwise <see cref="Uri"/> would resolve <c>../</c> and decode escapes.</summary>
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>Domains where path-style access is missing or going away.</summary>
    private static readonly string[] Clouds = [.. AwsHosts.Domains, "aliyuncs.com"];

    private readonly bool _isCloud = IsCloud(endpoint);
    private readonly bool _isAws = AwsHosts.IsOne(endpoint.Host);
    private readonly string _base = endpoint.AbsolutePath.TrimEnd('/');

    /// <summary>True for clouds: buckets are host names there, in many regions.</summary>
    public static bool IsCloud(Uri endpoint) =>
        Array.Exists(Clouds, domain => endpoint.Host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase));

    /// <summary>The URL of a bucket or object.</summary>
    /// <param name="bucket">The bucket; empty for the endpoint itself.</param>
    /// <param name="key">The key; empty for the bucket itself.</param>
    /// <param name="query">The percent-encoded query; empty for none.</param>
    /// <param name="region">The bucket's region. On AWS it selects the host; elsewhere it only affects signatures.</param>
    public Target Of(string bucket, string key, string query, string region)
    {
        var isVirtual = bucket.Length > 0 && IsVirtual(bucket);
        var authority = _isAws ? AuthorityIn(region) : endpoint.Authority;
        var host = isVirtual ? $"{bucket}.{authority}" : authority;
        var path = _base
            + (isVirtual || bucket.Length == 0 ? "" : "/" + UriEncoding.EncodeComponent(bucket))
            + "/" + UriEncoding.EncodeKey(key);
        if (!isVirtual && bucket.Length > 0 && key.Length == 0)
        {
            path = path.TrimEnd('/');
        }

        var target = query.Length == 0 ? path : $"{path}?{query}";
        return new Target(new Uri($"{endpoint.Scheme}://{host}{target}", AsItIs), host, path, query);
    }

    /// <summary>
    /// True if this kind of store reserves the address, as the store reads it or as a server before it reads it that resolves dots and
    /// double slashes.
    /// </summary>
    public bool IsKept(StoreMake make, string bucket, string key)
    {
        if (!make.KeepsAny || bucket.Length == 0)
        {
            return false;
        }

        return make.Keeps(bucket)
            || (IsVirtual(bucket) ? make.KeepsUnderAnyHost(FirstSegment("", key)) : key.Contains("..", StringComparison.Ordinal)
                && make.Keeps(FirstSegment(bucket, key)));
    }

    private static string FirstSegment(string bucket, string key)
    {
        var path = new List<string>();
        foreach (var segment in $"{bucket}/{key}".Split('/'))
        {
            if (segment == "..")
            {
                path.RemoveRange(Math.Max(0, path.Count - 1), Math.Min(1, path.Count));
            }
            else if (segment is not ("" or "."))
            {
                path.Add(segment);
            }
        }

        return path.Count == 0 ? "" : path[0];
    }

    private string AuthorityIn(string region) => AwsHosts.In(endpoint.Host, region) + endpoint.Authority[endpoint.Host.Length..];

    /// <summary>
    /// Automatic: buckets become host names at clouds that want it, as in the aws and MinIO clients. Other stores seldom have a wildcard in
    /// DNS and always serve paths. Not over TLS if dots in the name would fall outside a wildcard certificate. Never for
    /// <c>tenant:bucket</c> (a port follows a colon) or a name that no host can have.
    /// </summary>
    private bool IsVirtual(string bucket) => style switch
    {
        AddressingStyle.Path => false,
        AddressingStyle.Virtual => !bucket.Contains(':') && Uri.CheckHostName($"{bucket}.{endpoint.Host}") == UriHostNameType.Dns,
        _ => _isCloud && !(endpoint.Scheme == Uri.UriSchemeHttps && bucket.Contains('.', StringComparison.Ordinal))
            && Protocol.BucketNames.IsValid(bucket),
    };

    /// <summary>Where a request goes, in the pieces that signing needs.</summary>
    /// <param name="Uri">The address.</param>
    /// <param name="Host">The Host header.</param>
    /// <param name="RawPath">The path as sent.</param>
    /// <param name="RawQuery">The query as sent, without its question mark.</param>
    internal sealed record Target(Uri Uri, string Host, string RawPath, string RawQuery);
}
