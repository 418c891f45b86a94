using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>What pages of other origins in a browser may do.</summary>
public sealed partial class S3FrontDoor
{
    /// <summary>Whether pages of other origins can read nothing, whatever a store allows.</summary>
    private bool IsClosedToPages => settings.Guard is not null && !settings.AllowsCrossOrigin;

    /// <summary>
    /// If anyone can sign, so can every page in a browser on this network. Rejects what pages must not do before anything else happens.
    /// </summary>
    private void KeepPagesOut(HttpRequest http)
    {
        if (settings.Guard is not { } hosts)
        {
            return;
        }

        if (!hosts.Contains(http.Host.Value ?? ""))
        {
            throw new S3Exception(S3Errors.AccessDenied,
                $"The host {http.Host.Value} is unknown. With the default keys or without authentication, add it to S3_OVERLAY_HOSTS, "
                + $"or set S3_OVERLAY_ACCESS_KEY and S3_OVERLAY_SECRET_KEY.");
        }

        if (http.Method is not ("GET" or "HEAD" or "OPTIONS") && IsOfForeignPage(http))
        {
            throw new S3Exception(S3Errors.AccessDenied,
                "With the default keys or without authentication, pages of other origins may not write. Set S3_OVERLAY_ACCESS_KEY and "
                + "S3_OVERLAY_SECRET_KEY.");
        }
    }

    private void PrepareCors(HttpContext context)
    {
        if (settings.Guard is not null)
        {
            CrossOrigin.Withhold(context, all: !settings.AllowsCrossOrigin);
        }

        if (IsClosedToPages || context.Request.Method == "OPTIONS")
        {
            return;
        }

        var (isOpen, rules) = OpenToPages(context);
        if (rules is not null)
        {
            CrossOrigin.Allow(context, rules);
        }
        else if (isOpen && settings.AllowsCrossOrigin)
        {
            CrossOrigin.Allow(context);
        }
    }

    /// <summary>
    /// Whether this server lets pages of other origins read the target: not in a bucket whose store decides itself, and never in the
    /// administration; in a bucket with rules, these decide. Invalid targets are rejected later.
    /// </summary>
    private (bool IsOpen, CorsRules? Rules) OpenToPages(HttpContext context)
    {
        try
        {
            var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            var read = RequestTarget.Parse(
                target, context.Request.Host.Value ?? "", settings.Domain, settings.KnowsTenants, settings.WebsiteDomain);
            return read.IsAdministration || settings.IsForwarded(read.Bucket) ? default : (true, settings.CorsOf(read.Bucket));
        }
        catch (S3Exception)
        {
            return (true, null);
        }
    }

    /// <summary>
    /// Whether a page of another origin made the request. The browser says so in headers that a page cannot set: <c>Origin</c> on every
    /// write, forms included, and <c>Sec-Fetch-Site</c> on every request to a trustworthy address.
    /// </summary>
    /// <remarks>https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header</remarks>
    private static bool IsOfForeignPage(HttpRequest request)
    {
        var headers = request.Headers;
        return (headers.Origin.Count > 0 && !IsOwnOrigin(headers.Origin.ToString(), request.Host.Value ?? ""))
            || headers["Sec-Fetch-Site"].ToString().Contains("cross-site", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether an origin has the request's host and port. Its scheme may differ if a reverse proxy ends TLS.</summary>
    private static bool IsOwnOrigin(string origin, string host)
    {
        var authority = origin.IndexOf("://", StringComparison.Ordinal);
        return authority > 0 && origin.AsSpan(authority + 3).Equals(host, StringComparison.OrdinalIgnoreCase);
    }
}
