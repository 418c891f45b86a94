using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// CORS: lets browser pages of any origin read, as viewers need it. The browser's own credentials are never allowed: the request's
/// signature decides who may read.
/// </summary>
/// <remarks>The Fetch standard's CORS protocol, https://fetch.spec.whatwg.org/#http-cors-protocol</remarks>
public static class CrossOrigin
{
    private const string AlwaysExposed =
        "ETag, Content-Length, Content-Range, Accept-Ranges, Last-Modified, Content-Encoding, Content-Disposition, Age, x-cache, "
        + "x-s3overlay-layer";

    private const string Varies = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    private const string PrivateNetwork = "Access-Control-Allow-Private-Network";

    private static readonly string[] Reads = ["GET", "HEAD"];
    private static readonly string[] All = ["GET", "HEAD", "PUT", "POST", "DELETE"];

    /// <summary>
    /// Adds the headers that let a browser pass a response to a page. Metadata header names are known only at the end, so the list is
    /// written when the response starts. A wildcard would not work: older browsers take it literally.
    /// </summary>
    public static void Allow(HttpContext context) => context.Response.OnStarting(
        static state =>
        {
            var headers = ((HttpResponse)state).Headers;
            headers.AccessControlAllowOrigin = "*";
            headers.AccessControlExposeHeaders = string.Join(
                ", ", headers.Keys.Where(name => name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase)).Prepend(AlwaysExposed));
            return Task.CompletedTask;
        },
        context.Response);

    /// <summary>Adds the headers that a bucket's rules give to a response. None if no rule allows the request.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html</remarks>
    public static void Allow(HttpContext context, CorsRules rules) => context.Response.OnStarting(() =>
    {
        var (request, response) = (context.Request, context.Response.Headers);
        response.Vary = Varies;
        var asked = request.Headers.AccessControlRequestMethod.ToString();
        if (rules.Find(request.Headers.Origin.ToString(), asked.Length > 0 ? asked : request.Method, []) is { } rule)
        {
            Allow(response, rule, request.Headers.Origin.ToString());
        }

        return Task.CompletedTask;
    });

    /// <summary>Removes CORS headers that a store may have set: all of them, or only the grant of private network access.</summary>
    public static void Withhold(HttpContext context, bool all) => context.Response.OnStarting(() =>
    {
        var headers = context.Response.Headers;
        foreach (var name in headers.Keys
            .Where(name => name.StartsWith(all ? "Access-Control-" : PrivateNetwork, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            headers.Remove(name);
        }

        return Task.CompletedTask;
    });

    /// <summary>Answers OPTIONS for any bucket, since a preflight has no signature.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html</remarks>
    /// <param name="response">Where to.</param>
    /// <param name="isAllowed">Whether pages of other origins may read.</param>
    /// <param name="isGuarded">Whether they may do nothing else, and get no private network access.</param>
    /// <param name="rules">The bucket's own rules; null for none.</param>
    /// <exception cref="S3Exception">BadRequest if it is no preflight; AccessForbidden.</exception>
    public static void SendPreflight(HttpRequest request, S3Response response, bool isAllowed, bool isGuarded, CorsRules? rules)
    {
        if (request.Headers.Origin.Count == 0)
        {
            throw new S3Exception(S3Errors.BadRequest, "Insufficient information. Origin request header needed.");
        }

        var method = request.Headers.AccessControlRequestMethod.ToString();
        if (method.Length == 0)
        {
            throw new S3Exception(S3Errors.BadRequest, "Invalid Access-Control-Request-Method: null");
        }

        if (!isAllowed && (isGuarded || rules is null))
        {
            throw new S3Exception(S3Errors.AccessForbidden, "CORSResponse: CORS is not enabled for this bucket.");
        }

        var allowed = isGuarded ? Reads : All;
        if (!allowed.Contains(method))
        {
            throw new S3Exception(S3Errors.AccessForbidden);
        }

        if (rules is not null)
        {
            SendPreflight(request, response, method, rules, isGuarded);
            return;
        }

        response.Status = StatusCodes.Status204NoContent;
        response.Headers.Allow = "GET, HEAD, PUT, POST, DELETE, OPTIONS";
        response.Headers.AccessControlAllowOrigin = "*";
        response.Headers.AccessControlAllowMethods = string.Join(", ", allowed);
        response.Headers.AccessControlMaxAge = "3000";
        response.Headers.Vary = Varies;
        var wanted = request.Headers.AccessControlRequestHeaders;
        response.Headers.AccessControlAllowHeaders = wanted.Count > 0 ? wanted : "*";
        if (!isGuarded && request.Headers.ContainsKey("Access-Control-Request-Private-Network"))
        {
            response.Headers[PrivateNetwork] = "true";
        }
    }

    private static void SendPreflight(HttpRequest request, S3Response response, string method, CorsRules rules, bool isGuarded)
    {
        var wanted = request.Headers.AccessControlRequestHeaders.ToString()
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var origin = request.Headers.Origin.ToString();
        var rule = rules.Find(origin, method, wanted) ?? throw new S3Exception(S3Errors.AccessForbidden,
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
            + "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.");
        response.Status = StatusCodes.Status200OK;
        response.Headers.ContentLength = 0;
        response.Headers.Vary = Varies;
        Allow(response.Headers, rule, origin);
        if (isGuarded)
        {
            response.Headers.AccessControlAllowMethods = string.Join(", ", rule.Methods.Intersect(Reads));
        }

        if (wanted.Length > 0)
        {
            response.Headers.AccessControlAllowHeaders = string.Join(", ", wanted).ToLowerInvariant();
        }

        if (!isGuarded && request.Headers.ContainsKey("Access-Control-Request-Private-Network"))
        {
            response.Headers[PrivateNetwork] = "true";
        }
    }

    private static void Allow(IHeaderDictionary response, CorsRule rule, string origin)
    {
        var isForAll = rule.Origins.Contains("*");
        response.AccessControlAllowOrigin = isForAll ? "*" : origin;
        response.AccessControlAllowMethods = string.Join(", ", rule.Methods);
        if (!isForAll)
        {
            response.AccessControlAllowCredentials = "true";
        }

        if (rule.Exposed.Count > 0)
        {
            response.AccessControlExposeHeaders = string.Join(", ", rule.Exposed);
        }

        if (rule.MaxAge is { } seconds)
        {
            response.AccessControlMaxAge = seconds;
        }
    }
}
