using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Security;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>
/// Bytes of objects, which do not go through the connection of a page: each endpoint is one request to the proxy with the rights of the
/// signed-in key.
/// </summary>
internal static class BrowseEndpoints
{
    /// <summary>Maps them. All need a session.</summary>
    public static void MapBrowse(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/browse/download", ["GET", "HEAD"], Guard(Downloads.SendAsync));
        app.MapGet("/browse/image", Guard(Images.SendAsync));
        app.MapGet("/browse/exists", Guard(Uploads.ExistsAsync));
        app.MapPut("/browse/upload", Guard(Uploads.TakeAsync)).WithMetadata(new DisableRequestSizeLimitAttribute());
    }

    /// <summary>
    /// No object may run script in the console's origin, whatever its bytes are: the browser is to save it, or to show it as the image that
    /// it is, in a sandbox without an origin.
    /// </summary>
    public static void Isolate(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
    }

    private static RequestDelegate Guard(Func<ObjectCall, CancellationToken, Task> act) => async context =>
    {
        using var ending = RequestGateways.EndOf(context);
        var query = context.Request.Query;
        try
        {
            if (query["bucket"] is not [{ Length: > 0 } bucket] || query["key"] is not [{ Length: > 0 } key])
            {
                throw new ProxyError(StatusCodes.Status400BadRequest, "InvalidArgument", "A bucket and a key are needed.");
            }

            await act(new(context, context.RequestServices.GetRequiredService<RequestGateways>().Of(context), bucket, key), ending.Token);
        }
        catch (ProxyError refusal) when (!context.Response.HasStarted)
        {
            await RefuseAsync(context, refusal);
        }
        catch (Exception failure) when (
            ProxyError.IsOfResponse(failure) && !context.Response.HasStarted && !ending.IsCancellationRequested)
        {
            await RefuseAsync(context, ProxyError.Of(failure));
        }
        catch (Exception) when (context.Response.HasStarted || ending.IsCancellationRequested)
        {
            // A body that ends early must not look complete.
            context.Abort();
        }
    };

    private static Task RefuseAsync(HttpContext context, ProxyError refusal)
    {
        Isolate(context.Response);
        context.Response.StatusCode = refusal.Status is >= 400 and < 600 ? refusal.Status : StatusCodes.Status502BadGateway;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync($"{refusal.Code}: {refusal.Message}\n", context.RequestAborted);
    }
}

/// <summary>A request about an object.</summary>
/// <param name="Http">The request.</param>
/// <param name="Gateway">The proxy, with the rights of its key.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
internal sealed record ObjectCall(HttpContext Http, ProxyGateway Gateway, string Bucket, string Key)
{
    /// <summary>The object's path at the S3 port.</summary>
    public string Path => ProxyQuery.PathOf(Bucket, Key);
}
