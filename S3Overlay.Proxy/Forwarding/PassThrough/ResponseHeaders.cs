using System.Collections.Frozen;
using System.Net.Http.Headers;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Copies the store's headers to the client, except those of the connection. URLs of the store become those that the client uses.
/// </summary>
internal static class ResponseHeaders
{
    private static readonly FrozenSet<string> NotHandedOn = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Alt-Svc",
        "Strict-Transport-Security",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Copies the headers. URLs of the store become the proxy's.</summary>
    public static void Copy(HttpResponseMessage from, S3Response to, S3Request request, Uri store)
    {
        // The front door's second id would belong to another request than the store's id.
        to.Headers.Remove("x-amz-id-2");
        Copy(from.Headers.NonValidated, to.Headers);
        Copy(from.Content.Headers.NonValidated, to.Headers);
        if (to.Headers.Location is [{ Length: > 0 } location])
        {
            to.Headers.Location = AddressOfProxy(location, request, store);
        }
    }

    private static void Copy(HttpHeadersNonValidated from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from)
        {
            if (NotHandedOn.Contains(name) || name.StartsWith(HiddenBase.Family, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            to.SetAsIs(name, values.Count == 1 ? values.ToString() : values.ToArray());
        }
    }

    /// <summary>Rewrites a URL from the store's response. Others, such as a website's redirect, are kept.</summary>
    private static string AddressOfProxy(string location, S3Request request, Uri store)
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
