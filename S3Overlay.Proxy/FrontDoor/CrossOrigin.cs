using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// Lets browsers read from any origin, as viewers need it. No credentials of the browser's are ever allowed: who may read is decided by the
/// request's own signature.
/// </summary>
/// <remarks>The Fetch standard's CORS protocol, https://fetch.spec.whatwg.org/#http-cors-protocol</remarks>
public static class CrossOrigin
{
    private const string AlwaysExposed =
        "ETag, Content-Length, Content-Range, Accept-Ranges, Last-Modified, Content-Encoding, Content-Disposition, Age, x-cache, x-s3overlay-layer";

    private const string PrivateNetwork = "Access-Control-Allow-Private-Network";

    private static readonly string[] Reads = ["GET", "HEAD"];
    private static readonly string[] All = ["GET", "HEAD", "PUT", "POST", "DELETE"];

    /// <summary>
    /// Adds to an answer what a browser needs to hand it to a page. The names of metadata headers are known only once the answer is made,
    /// so they are written when it starts; a wildcard would not do, since older browsers take it for a name.
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

    /// <summary>
    /// Takes from an answer what a store may have put there: all that lets pages read it, or only the grant of a private network.
    /// </summary>
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

    /// <summary>Answers OPTIONS, whatever the bucket, since a preflight carries no signature.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">Where to.</param>
    /// <param name="isAllowed">Whether pages of other origins may read.</param>
    /// <param name="isGuarded">Whether they may do no more than that, and are not let into a private network.</param>
    /// <exception cref="S3Exception">BadRequest where it is no preflight; AccessForbidden.</exception>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html</remarks>
    public static void AnswerPreflight(HttpRequest request, S3Response answer, bool isAllowed, bool isGuarded)
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

        if (!isAllowed)
        {
            throw new S3Exception(S3Errors.AccessForbidden, "CORSResponse: CORS is not enabled for this bucket.");
        }

        var allowed = isGuarded ? Reads : All;
        if (!allowed.Contains(method))
        {
            throw new S3Exception(S3Errors.AccessForbidden);
        }

        answer.Status = StatusCodes.Status204NoContent;
        answer.Headers.Allow = "GET, HEAD, PUT, POST, DELETE, OPTIONS";
        answer.Headers.AccessControlAllowOrigin = "*";
        answer.Headers.AccessControlAllowMethods = string.Join(", ", allowed);
        answer.Headers.AccessControlMaxAge = "3000";
        answer.Headers.Vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        var wanted = request.Headers.AccessControlRequestHeaders;
        answer.Headers.AccessControlAllowHeaders = wanted.Count > 0 ? wanted : "*";
        if (!isGuarded && request.Headers.ContainsKey("Access-Control-Request-Private-Network"))
        {
            answer.Headers[PrivateNetwork] = "true";
        }
    }
}
