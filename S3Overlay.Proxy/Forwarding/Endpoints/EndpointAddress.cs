using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Builds the address of a bucket or object at an endpoint: every byte of the key arrives as it is.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html</remarks>
internal sealed class EndpointAddress(Uri endpoint, AddressingStyle style)
{
    /// <summary>Without it <see cref="Uri"/> would resolve <c>../</c> and decode what was encoded on purpose.</summary>
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>Domains whose newer buckets are not served by path, or not for ever.</summary>
    private static readonly string[] Clouds = [.. AwsHosts.Domains, "aliyuncs.com"];

    private readonly bool _isCloud = IsCloud(endpoint);
    private readonly bool _isAws = AwsHosts.IsOne(endpoint.Host);
    private readonly string _base = endpoint.AbsolutePath.TrimEnd('/');

    /// <summary>Whether an endpoint is one of the clouds: buckets are host names there, and in many regions.</summary>
    public static bool IsCloud(Uri endpoint) =>
        Array.Exists(Clouds, domain => endpoint.Host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase));

    /// <summary>The address.</summary>
    /// <param name="bucket">The bucket, or the empty string for the endpoint itself.</param>
    /// <param name="key">The key, or the empty string for the bucket itself.</param>
    /// <param name="query">The query, percent-encoded, or the empty string.</param>
    /// <param name="region">The bucket's region, which AWS serves by a host of its own; elsewhere it is a matter of signatures
    /// alone.</param>
    public EndpointTarget Of(string bucket, string key, string query, string region)
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
        return new EndpointTarget(new Uri($"{endpoint.Scheme}://{host}{target}", AsItIs), host, path, query);
    }

    /// <summary>
    /// Whether the address of a bucket or object would be one that a make of store keeps for itself, as the store reads it, or a server
    /// before it that takes dots and double slashes out of paths.
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
    /// Unless told: a bucket is a host name at the clouds that want it so, as the aws and MinIO clients have it, since a store of one's own
    /// has seldom a wildcard in DNS, and serves paths always; and not where its dots would fall outside of a wildcard certificate. A name
    /// with a tenant in it (<c>tenant:bucket</c>) never is: after a colon there is a port; nor is one that no host can have.
    /// </summary>
    private bool IsVirtual(string bucket) => style switch
    {
        AddressingStyle.Path => false,
        AddressingStyle.Virtual => !bucket.Contains(':') && Uri.CheckHostName($"{bucket}.{endpoint.Host}") == UriHostNameType.Dns,
        _ => _isCloud
            && !(endpoint.Scheme == Uri.UriSchemeHttps && bucket.Contains('.', StringComparison.Ordinal))
            && Protocol.BucketNames.IsValid(bucket),
    };
}
