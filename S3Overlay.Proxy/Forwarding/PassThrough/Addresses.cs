using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Rewrites URLs of the store to the URLs that the client uses for the same resource.</summary>
internal static class Addresses
{
    /// <summary>Rewrites a URL from the store's response. Others, such as a website's redirect, are kept.</summary>
    public static string OfProxy(string location, S3Request request, Uri store)
    {
        if (!Uri.TryCreate(location, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)
            || HasBucketInPath(address, request.Bucket, store) is not { } inPath)
        {
            return location;
        }

        var path = location[(location.IndexOf("://", StringComparison.Ordinal) + 3)..];
        path = path.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? path[slash..] : "/";
        var bucket = "/" + request.Bucket;
        if (inPath && request.Address.IsVirtualHosted && (path == bucket || path.StartsWith(bucket + "/", StringComparison.Ordinal)))
        {
            path = path[bucket.Length..] is { Length: > 0 } rest ? rest : "/";
        }
        else if (!inPath && !request.Address.IsVirtualHosted)
        {
            path = bucket + path;
        }

        return $"{request.Address.Scheme}://{request.Address.Host}{path}";
    }

    /// <summary>True if the URL has the bucket in its path, false if in its host, null if it is not the store's.</summary>
    private static bool? HasBucketInPath(Uri address, string bucket, Uri store) =>
        IsOf(address.Authority, address.Host, store) ? true
        : bucket.Length > 0 && address.Authority.StartsWith(bucket + ".", StringComparison.OrdinalIgnoreCase)
            && IsOf(address.Authority[(bucket.Length + 1)..], address.Host[(bucket.Length + 1)..], store) ? false
        : null;

    /// <summary>AWS has a host per region, and a bucket may be in another region than the setting names.</summary>
    private static bool IsOf(string authority, string host, Uri store) =>
        authority.Equals(store.Authority, StringComparison.OrdinalIgnoreCase) || (AwsHosts.IsOne(store.Host) && AwsHosts.IsOne(host));
}
