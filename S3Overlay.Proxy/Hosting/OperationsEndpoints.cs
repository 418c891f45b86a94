using System.Text;

using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Telemetry;
using S3Overlay.ServiceDefaults;

namespace S3Overlay.Proxy.Hosting;

/// <summary>
/// Answers unsigned requests for metrics, <c>robots.txt</c> and <c>favicon.ico</c> on the S3 port. Signed requests pass: a bucket named
/// <c>metrics</c> stays usable.
/// </summary>
public static class OperationsEndpoints
{
    /// <summary>Where the page of metrics is.</summary>
    public const string MetricsPath = "/metrics";

    private static readonly byte[] Robots = "User-agent: *\nDisallow: /\n"u8.ToArray();

    /// <summary>Answers them, and hands everything else on.</summary>
    public static IApplicationBuilder UseOperationsEndpoints(this IApplicationBuilder app, MetricsPage metrics) =>
        app.Use(next => context =>
    {
        // None of these targets is longer than twelve characters: the length alone rules out most requests.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return target.Length > 12 || !UnsignedGet.Is(context, target)
            ? next(context)
            : target switch
            {
                MetricsPath => AnswerMetricsAsync(context, metrics),
                "/robots.txt" => AnswerAsync(context, "text/plain", Robots),
                "/favicon.ico" => AnswerEmpty(context),
                _ => next(context),
            };
    });

    /// <summary>Answers with the page of metrics.</summary>
    public static Task AnswerMetricsAsync(HttpContext context, MetricsPage metrics) =>
        AnswerAsync(context, MetricsPage.ContentType, Encoding.UTF8.GetBytes(metrics.Render()));

    private static Task AnswerEmpty(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static async Task AnswerAsync(HttpContext context, string contentType, byte[] body)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        if (context.Request.Method == "GET")
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}
