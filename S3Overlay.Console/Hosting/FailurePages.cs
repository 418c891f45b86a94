using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace S3Overlay.WebConsole.Hosting;

/// <summary>What a browser sees where there is no page, or no right to one, or a bug: a line, and no detail.</summary>
internal sealed class FailurePages(RequestDelegate next, ILogger<FailurePages> logger)
{
    /// <summary>Serves a request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception failure) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            Logged.Failed(logger, context.Request.Path, failure);
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }

        if (!context.Response.HasStarted && context.Response is { StatusCode: >= 400, ContentType: null, ContentLength: null or 0 })
        {
            await context.Response.WriteAsync(Line(context.Response.StatusCode), context.RequestAborted);
        }
    }

    private static string Line(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "The form is too old, or of another page. Go back, reload, and try again.\n",
        StatusCodes.Status401Unauthorized => "Sign in first.\n",
        StatusCodes.Status403Forbidden => "This key may not see that.\n",
        StatusCodes.Status404NotFound => "There is no such page.\n",
        StatusCodes.Status503ServiceUnavailable => "Too many consoles are open. Close one, and try again.\n",
        _ => "That did not work. The log of the proxy says why.\n",
    };
}
