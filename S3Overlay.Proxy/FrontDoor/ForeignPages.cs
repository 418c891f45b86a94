using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// Tells the requests that a page of another origin makes in a browser. The browser says so in headers that no page can set: <c>Origin</c>
/// with everything that writes, forms included, and <c>Sec-Fetch-Site</c> with everything sent to a trustworthy address.
/// </summary>
/// <remarks>https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header</remarks>
public static class ForeignPages
{
    /// <summary>Whether a page made a request whose origin is not the host that it asks.</summary>
    public static bool Made(HttpRequest request)
    {
        var headers = request.Headers;
        return (headers.Origin.Count > 0 && !IsOwn(headers.Origin.ToString(), request.Host.Value ?? ""))
            || headers["Sec-Fetch-Site"].ToString().Contains("cross-site", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Whether host and port of an origin are those of the request. The scheme may be another one where a reverse proxy ends TLS.
    /// </summary>
    private static bool IsOwn(string origin, string host)
    {
        var authority = origin.IndexOf("://", StringComparison.Ordinal);
        return authority > 0 && origin.AsSpan(authority + 3).Equals(host, StringComparison.OrdinalIgnoreCase);
    }
}
