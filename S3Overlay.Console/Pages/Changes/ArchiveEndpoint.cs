using System.Globalization;

using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Security;

namespace S3Overlay.WebConsole.Pages.Changes;

/// <summary>
/// <c>POST /changes/archive</c>: the archive that a page offers, as a download. It is streamed: object by object, from the proxy to the
/// browser.
/// </summary>
internal static class ArchiveEndpoint
{
    /// <summary>Where it is.</summary>
    public const string Path = "/changes/archive";

    /// <summary>Maps it, for administrators.</summary>
    public static void MapArchives(this IEndpointRouteBuilder app) =>
        app.MapPost(Path, SendAsync).RequireAuthorization(static policy => policy.RequireRole(SessionAuthentication.Administrator));

    private static async Task SendAsync(
        HttpContext context, IAntiforgery antiforgery, ArchiveOffers offers, RequestGateways gateways, TimeProvider time,
        ILogger<ArchiveOffers> logger)
    {
        var response = context.Response;
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (offers.Find(form["offer"].ToString(), context.Features.Get<Session>()!.Id) is not { } offer)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // A bucket has such a name; a header must not depend on that.
        var of = string.Concat((offer.Scope.Bucket ?? "all").Where(static each => char.IsAsciiLetterOrDigit(each) || each is '.' or '-'));
        var name = string.Create(CultureInfo.InvariantCulture, $"changes-{of}-{time.GetUtcNow():yyyyMMdd-HHmmss}.tar");
        if (!offer.TryBegin(name))
        {
            // A second click, while the first is answered. For any other response, a browser would leave the page.
            response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        response.ContentType = "application/x-tar";
        response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        await WriteAsync(context, gateways.Of(context), offer, logger);
    }

    private static async Task WriteAsync(HttpContext context, ProxyGateway gateway, ArchiveOffer offer, ILogger logger)
    {
        using var request = RequestGateways.EndOf(context);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(request.Token, offer.Stopped);
        try
        {
            var unreadable = await gateway.SaveChangesAsync(offer.Scope, context.Response.Body, offer.Add, ending.Token);
            await context.Response.CompleteAsync();

            // Writing to a browser that has left is no error.
            ending.Token.ThrowIfCancellationRequested();
            offer.End(unreadable);
        }
        catch (Exception failure)
        {
            var reason = failure switch
            {
                OperationCanceledException => "The download was cancelled.",
                ProxyError or IOException => failure.Message,
                _ => null,
            };
            if (reason is null)
            {
                Logged.Failed(logger, Path, failure);
            }

            offer.Fail(reason ?? "The log of the proxy says why.");

            // A file that ends early must not look complete.
            context.Abort();
        }
    }
}
