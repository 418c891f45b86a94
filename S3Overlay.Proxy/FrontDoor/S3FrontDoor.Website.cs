using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Websites;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>Buckets as websites, on hosts of their own: pages for everybody, and nothing of the S3 API.</summary>
/// <remarks>
/// <code>
///   GET /docs/      1 RedirectAllRequestsTo, or a rule without an error code    the redirect
///                   2 /docs/index.html, judged as an unsigned request            the object, or its own redirect
///                   3 /docs with /docs/index.html                                302 to /docs/
///                   4 an error: a rule with its code                             the redirect
///                             the error document                                 that object with the error's status
///                             otherwise                                          a page of this server
/// </code>
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
/// </remarks>
public sealed partial class S3FrontDoor
{
    private const string RedirectHeader = "x-amz-website-redirect-location";

    private static readonly string[] ReadHeaders =
        ["Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"];

    private static readonly S3Error NoWebsite = new(
        "NoSuchWebsiteConfiguration", StatusCodes.Status404NotFound, "The specified bucket does not have a website configuration");

    private async Task ServeWebsiteAsync(Call call, HttpContext context, KestrelResponse response)
    {
        var (http, bucket, key) = (context.Request, call.Target.Bucket, call.Target.Key);
        call.Operation = http.Method == "HEAD" ? S3Operation.HeadObject : S3Operation.GetObject;
        Tracing.NameRequest(call.Span, call.Operation, bucket, key);
        call.Records = settings.Logs is { } logs && logs.Wants(bucket) ? new LogNotes() : null;
        if (http.Method is not ("GET" or "HEAD"))
        {
            throw new S3Exception(S3Errors.MethodNotAllowed);
        }

        await RefuseKeptAsync(bucket, key, context.RequestAborted);
        var site = settings.WebsiteOf(bucket) ?? throw (settings.Access?.Exists(bucket) == true || settings.IsOverlaid(bucket)
            ? new S3Exception(NoWebsite) : new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", bucket)] });
        var host = http.Host.Value ?? "";
        if (site.RedirectAll is { } all)
        {
            Redirect(response, all.Code, all.LocationOf(http.Scheme, host, key));
            return;
        }

        if (site.Find(key, error: null) is { } rule)
        {
            Redirect(response, rule.Target.Code, rule.LocationOf(http.Scheme, host, key));
            return;
        }

        try
        {
            await SendPageAsync(call, context, response, site);
        }
        catch (S3Exception failure) when (!response.HasStarted)
        {
            ErrorResponse.Reset(response);
            if (site.Find(key, failure.Error.Status) is { } other)
            {
                Redirect(response, other.Target.Code, other.LocationOf(http.Scheme, host, key));
                return;
            }

            if (site.ErrorKey is null || failure.Error.Status is not (>= 400 and < 500))
            {
                throw;
            }

            await SendErrorDocumentAsync(call, context, response, site.ErrorKey, failure);
        }
    }

    private async Task SendPageAsync(Call call, HttpContext context, KestrelResponse response, WebsiteConfiguration site)
    {
        var (http, key) = (context.Request, call.Target.Key);
        var isFolder = key.Length == 0 || key.EndsWith('/');
        var name = isFolder ? key + site.IndexSuffix : key;
        BufferedResponse found;
        try
        {
            found = await LookAtPageAsync(call, context, name);
        }
        catch (S3Exception missing) when (!isFolder && missing.Error.Status is 403 or 404)
        {
            try
            {
                await LookAtPageAsync(call, context, $"{key}/{site.IndexSuffix}");
            }
            catch (S3Exception)
            {
                throw missing;
            }

            Redirect(response, StatusCodes.Status302Found,
                new RedirectTarget().LocationOf(http.Scheme, http.Host.Value ?? "", key + "/"));
            return;
        }

        if (found.Headers[RedirectHeader] is [{ Length: > 0 } location, ..])
        {
            Redirect(response, null, location);
            return;
        }

        var headers = new HeaderDictionary();
        foreach (var header in ReadHeaders)
        {
            if (http.Headers.TryGetValue(header, out var value))
            {
                headers[header] = value;
            }
        }

        await service.HandleAsync(
            await ReadOfPageAsync(call, context, call.Operation, name, headers), response, context.RequestAborted);
    }

    private async Task SendErrorDocumentAsync(
        Call call, HttpContext context, KestrelResponse response, string key, S3Exception failure)
    {
        call.Error = failure.Error.Code;
        try
        {
            await LookAtPageAsync(call, context, key);
        }
        catch (S3Exception second)
        {
            throw new S3Exception(failure.Error, failure.Message, second) { Details = failure.Details, Headers = failure.Headers };
        }

        response.Headers["x-amz-error-code"] = failure.Error.Code;
        response.FixedStatus = failure.Error.Status;
        try
        {
            await service.HandleAsync(
                await ReadOfPageAsync(call, context, call.Operation, key, new HeaderDictionary()), response, context.RequestAborted);
        }
        catch
        {
            response.FixedStatus = null;
            throw;
        }
    }

    /// <summary>Looks at an object without its bytes.</summary>
    /// <exception cref="S3Exception">Everybody cannot read it, or it does not exist.</exception>
    private async Task<BufferedResponse> LookAtPageAsync(Call call, HttpContext context, string key)
    {
        var found = new BufferedResponse();
        await service.HandleAsync(
            await ReadOfPageAsync(call, context, S3Operation.HeadObject, key, new HeaderDictionary()), found, context.RequestAborted);
        return found.Status < StatusCodes.Status400BadRequest ? found : throw new S3Exception(found.Status switch
        {
            StatusCodes.Status403Forbidden => S3Errors.AccessDenied,
            StatusCodes.Status404NotFound => S3Errors.NoSuchKey,
            _ => S3Errors.ServiceUnavailable,
        });
    }

    /// <summary>The request for an object of the website, judged as an unsigned one, whatever the client sent.</summary>
    private async ValueTask<S3Request> ReadOfPageAsync(
        Call call, HttpContext context, S3Operation operation, string key, HeaderDictionary headers)
    {
        ObjectKeys.Check(key);
        var (bucket, query) = (call.Target.Bucket, S3Query.Empty);
        var judged = Judged(headers, context.Request.Headers);
        var decision = await _gate.JudgeAsync(new AccessQuestion(S3Caller.Anonymous, operation, bucket, key, query, judged, context)
        {
            Notes = call.Records,
        });
        var read = decision == AccessDecision.Denied ? throw new S3Exception(S3Errors.AccessDenied) : new S3Request
        {
            Operation = operation,
            Method = operation == S3Operation.HeadObject ? "HEAD" : "GET",
            Bucket = bucket,
            Key = key,
            Query = query,
            Headers = headers,
            Caller = S3Caller.Anonymous,
            Account = Account.Anonymous,
            Owners = _gate.OwnersOf(bucket),
            IsOfWritten = decision == AccessDecision.Opened && settings.KeepsRemote(bucket),
            Body = S3Body.Empty,
            RequestId = call.RequestId,
            Received = settings.Time.GetUtcNow(),
            Address = new S3Address(context.Request.Scheme, context.Request.Host.Value ?? "", true),
        };
        RefuseHidden(read, null);
        return read;
    }

    /// <summary>What a policy sees: also the page that the request comes from and the program that sends it.</summary>
    private static HeaderDictionary Judged(HeaderDictionary headers, IHeaderDictionary sent)
    {
        var judged = new HeaderDictionary { ["Referer"] = sent.Referer, ["User-Agent"] = sent.UserAgent };
        foreach (var (name, value) in headers)
        {
            judged[name] = value;
        }

        return judged;
    }

    private static void Redirect(KestrelResponse response, int? code, string location)
    {
        response.Status = code ?? StatusCodes.Status301MovedPermanently;
        response.Headers.Location = location;
        response.Headers.ContentLength = 0;
    }
}
