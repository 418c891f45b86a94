using Microsoft.AspNetCore.Antiforgery;
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
            var status = StatusOf(failure);
            if (status >= StatusCodes.Status500InternalServerError)
            {
                Logged.Failed(logger, context.Request.Path, failure);
            }

            context.Response.Clear();
            context.Response.StatusCode = status;
        }

        if (!context.Response.HasStarted && context.Response is { StatusCode: >= 400, ContentType: null, ContentLength: null or 0 })
        {
            await context.Response.WriteAsync(Line(context.Response.StatusCode), context.RequestAborted);
        }
    }

    /// <summary>What the server says of a body that is too long or broken, through whatever read it.</summary>
    private static int StatusOf(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is BadHttpRequestException bad)
            {
                return bad.StatusCode;
            }
        }

        return failure is AntiforgeryValidationException ? StatusCodes.Status400BadRequest : StatusCodes.Status500InternalServerError;
    }

    private static string Line(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "The form is too old, or of another page. Go back, reload, and try again.\n",
        StatusCodes.Status401Unauthorized => "Sign in first.\n",
        StatusCodes.Status403Forbidden => "This key may not see that.\n",
        StatusCodes.Status404NotFound => "There is no such page.\n",
        StatusCodes.Status413PayloadTooLarge => "That is too long.\n",
        StatusCodes.Status503ServiceUnavailable => "Too many consoles are open. Close one, and try again.\n",
        _ => "That did not work. The log of the proxy says why.\n",
    };
}
