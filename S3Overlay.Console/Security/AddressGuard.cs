using Microsoft.AspNetCore.Http;

namespace S3Overlay.WebConsole.Security;

/// <summary>
/// Refuses requests that name another host, and those that a page of another origin made: a stored page at the S3 port is of the same site,
/// and its requests carry the console's cookies.
/// </summary>
internal sealed class AddressGuard(RequestDelegate next, ConsoleAddresses addresses)
{
    /// <summary>Serves a request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!addresses.Include(request.Scheme, request.Host))
        {
            return RefuseAsync(context, StatusCodes.Status421MisdirectedRequest, addresses.IncludeOnOtherPort(request.Host)
                ? $"The console listens on {addresses.Listed}: ask for the same port and scheme. Forward the port {addresses.Port} as "
                    + $"itself: docker -p {addresses.Port}:{addresses.Port}, ssh -L {addresses.Port}:127.0.0.1:{addresses.Port}."
                : $"The console listens on {addresses.Listed}, and answers no other host. S3_OVERLAY_HOSTS names more hosts.");
        }

        return IsOfOtherPage(request)
            ? RefuseAsync(context, StatusCodes.Status403Forbidden, "Pages of other origins may not use the console.") : next(context);
    }

    /// <summary>
    /// Browsers say where a request is from in headers that no page can set. To follow a link from another page is no request of that page.
    /// Since the console's pages send no referrer, the origin of their forms is <c>null</c>, and only <c>Sec-Fetch-Site</c> says the rest.
    /// </summary>
    /// <remarks>https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/</remarks>
    private static bool IsOfOtherPage(HttpRequest request)
    {
        var (origin, site) = (request.Headers.Origin.ToString(), request.Headers["Sec-Fetch-Site"].ToString());
        if (request.Headers.Origin.Count > 0 && !(origin == "null" && site == "same-origin")
            && !origin.Equals($"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var isLink = request.Method is "GET" or "HEAD" && request.Headers["Sec-Fetch-Mode"] == "navigate"
            && request.Headers["Sec-Fetch-Dest"] == "document";
        return !isLink && (site is "cross-site" or "same-site");
    }

    private static Task RefuseAsync(HttpContext context, int status, string line)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(line + "\n", context.RequestAborted);
    }
}
