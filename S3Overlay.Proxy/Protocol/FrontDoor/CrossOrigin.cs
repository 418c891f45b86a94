using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.FrontDoor;

/// <summary>
/// Lets browsers read from any origin, as viewers need it. No credentials of the browser's are ever allowed: who may read is decided by the
/// request's own signature.
/// </summary>
/// <remarks>The Fetch standard's CORS protocol, https://fetch.spec.whatwg.org/#http-cors-protocol</remarks>
public static class CrossOrigin
{
    private const string AlwaysExposed =
        "ETag, Content-Length, Content-Range, Accept-Ranges, Last-Modified, Content-Encoding, Content-Disposition, Age, x-cache, x-s3overlay-layer";

    /// <summary>Whether a request comes from a page, or asks on behalf of one.</summary>
    public static bool Concerns(HttpRequest request) => request.Headers.Origin.Count > 0 || request.Method == "OPTIONS";

    /// <summary>
    /// Adds to an answer what a browser needs to hand it to a page. The names of metadata headers are known only once the answer is made, so they
    /// are written when it starts; a wildcard would not do, since older browsers take it for a name.
    /// </summary>
    public static void Allow(HttpContext context)
    {
        if (context.Request.Headers.Origin.Count == 0)
        {
            return;
        }

        context.Response.OnStarting(
            static state =>
            {
                var headers = ((HttpResponse)state).Headers;
                headers.AccessControlAllowOrigin = "*";
                headers.AccessControlExposeHeaders = string.Join(
                    ", ", headers.Keys.Where(name => name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase)).Prepend(AlwaysExposed));
                return Task.CompletedTask;
            },
            context.Response);
    }

    /// <summary>Answers OPTIONS: 204, whatever the bucket, since a preflight carries no signature.</summary>
    public static void AnswerPreflight(HttpRequest request, HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.Allow = "GET, HEAD, PUT, POST, DELETE, OPTIONS";
        response.Headers.AccessControlAllowOrigin = "*";
        response.Headers.AccessControlAllowMethods = "GET, HEAD, PUT, POST, DELETE";
        response.Headers.AccessControlMaxAge = "3000";
        response.Headers.Vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        var wanted = request.Headers.AccessControlRequestHeaders;
        response.Headers.AccessControlAllowHeaders = wanted.Count > 0 ? wanted : "*";
        if (request.Headers.ContainsKey("Access-Control-Request-Private-Network"))
        {
            response.Headers["Access-Control-Allow-Private-Network"] = "true";
        }
    }
}
