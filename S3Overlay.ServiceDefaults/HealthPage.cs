using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace S3Overlay.ServiceDefaults;

/// <summary>
/// What health checks found, as a small document: <c>{"status":"ok"}</c>, or the worst of <c>degraded</c> and <c>unhealthy</c>. 503 for
/// <c>unhealthy</c> alone: a degraded service still serves what it can, and taking it out would make that less. Nothing more, since anybody
/// may ask; where only operators can ask, it also says which checks failed, and why.
/// </summary>
public static class HealthPage
{
    /// <summary>Where it is asked whether the service may be sent requests.</summary>
    public const string HealthPath = "/health";

    /// <summary>Where it is asked whether the process is alive.</summary>
    public const string AlivePath = "/alive";

    /// <summary>Whether a request asks for health: an unsigned GET or HEAD of exactly one of the two paths.</summary>
    /// <param name="context">The request.</param>
    /// <param name="tag">The tag of the checks to run; null for all of them.</param>
    public static bool IsAsked(HttpContext context, out string? tag)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target is not (HealthPath or AlivePath) || !UnsignedGet.Is(context, target))
        {
            tag = null;
            return false;
        }

        tag = target == AlivePath ? Extensions.Live : null;
        return true;
    }

    /// <summary>Runs the checks, those with a tag where one is named, and answers.</summary>
    /// <param name="context">The request.</param>
    /// <param name="checks">The checks.</param>
    /// <param name="tag">The tag; null for all checks.</param>
    /// <param name="saysWhy">Whether to name the checks that failed, and their reasons.</param>
    public static async Task AnswerAsync(HttpContext context, HealthCheckService checks, string? tag, bool saysWhy = false)
    {
        var report = await checks.CheckHealthAsync(tag is null ? null : check => check.Tags.Contains(tag), context.RequestAborted);
        var body = Render(report, saysWhy);
        context.Response.StatusCode = report.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable
            : StatusCodes.Status200OK;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = body.Length;
        if (context.Request.Method == "GET")
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    private static byte[] Render(HealthReport report, bool saysWhy)
    {
        var text = new StringBuilder($"{{\"status\":\"{Word(report.Status)}\"");
        if (saysWhy && report.Status != HealthStatus.Healthy)
        {
            var troubled = report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy).ToList();
            text.Append(",\"checks\":{").AppendJoin(',', troubled.Select(entry => $"{Quoted(entry.Key)}:\"{Word(entry.Value.Status)}\""))
                .Append('}');
            text.Append(",\"reasons\":{")
                .AppendJoin(',', troubled.Select(entry => $"{Quoted(entry.Key)}:{Quoted(entry.Value.Description ?? "")}")).Append('}');
        }

        return Encoding.UTF8.GetBytes(text.Append('}').ToString());
    }

    /// <summary>A text as JSON has it, legible: it is never put into a page.</summary>
    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "ok",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
