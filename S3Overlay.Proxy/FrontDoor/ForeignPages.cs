using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// Detects requests that a page of another origin makes in a browser. The browser says so in headers that a page cannot set: <c>Origin</c>
/// on every write, forms included, and <c>Sec-Fetch-Site</c> on every request to a trustworthy address.
/// </summary>
/// <remarks>https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header</remarks>
public static class ForeignPages
{
    /// <summary>Whether a page of another origin made the request.</summary>
    public static bool Made(HttpRequest request)
    {
        var headers = request.Headers;
        return (headers.Origin.Count > 0 && !IsOwn(headers.Origin.ToString(), request.Host.Value ?? ""))
            || headers["Sec-Fetch-Site"].ToString().Contains("cross-site", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether an origin has the request's host and port. Its scheme may differ if a reverse proxy ends TLS.</summary>
    private static bool IsOwn(string origin, string host)
    {
        var authority = origin.IndexOf("://", StringComparison.Ordinal);
        return authority > 0 && origin.AsSpan(authority + 3).Equals(host, StringComparison.OrdinalIgnoreCase);
    }
}
