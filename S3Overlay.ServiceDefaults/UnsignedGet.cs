using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace S3Overlay.ServiceDefaults;

/// <summary>Recognizes an operator's unsigned request among S3 requests, whose buckets may have any name.</summary>
public static class UnsignedGet
{
    /// <summary>Whether a request is a GET or HEAD of exactly this target, without a query and without a signature.</summary>
    public static bool Is(HttpContext context, string target) =>
        context.Request.Method is "GET" or "HEAD"
        && context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget == target
        && context.Request.Headers.Authorization.Count == 0;
}
