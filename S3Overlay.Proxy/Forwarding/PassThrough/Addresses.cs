using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Turns addresses at the store into what the same client would write to reach the same thing here.</summary>
internal static class Addresses
{
    /// <summary>An address from the store's answer; one that is not the store's stays as it is (a website's redirect).</summary>
    public static string OfProxy(string location, S3Request request, Uri store)
    {
        if (!Uri.TryCreate(location, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)
            || !IsOf(address, request.Bucket, store))
        {
            return location;
        }

        var path = location[(location.IndexOf("://", StringComparison.Ordinal) + 3)..];
        path = path.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? path[slash..] : "/";
        var inPath = address.Authority.Length == store.Authority.Length;
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

    private static bool IsOf(Uri address, string bucket, Uri store) =>
        address.Authority.Equals(store.Authority, StringComparison.OrdinalIgnoreCase)
        || (bucket.Length > 0 && address.Authority.Equals($"{bucket}.{store.Authority}", StringComparison.OrdinalIgnoreCase));
}
