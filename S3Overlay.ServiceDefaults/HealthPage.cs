using System.Diagnostics;
using System.Text;
using System.Text.Json;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace S3Overlay.ServiceDefaults;

/// <summary>
/// What health checks found, as a small document: <c>{"status":"ok"}</c>, or the worst of <c>degraded</c> and <c>unhealthy</c> and which checks said so. 503 for
/// <c>unhealthy</c> alone: who is degraded still serves what it can, and taking it away would make less of it. Names of checks and nothing else, since anybody may ask.
/// </summary>
public static class HealthPage
{
    /// <summary>Where it is asked whether the service may be sent requests.</summary>
    public const string HealthPath = "/health";

    /// <summary>Where it is asked whether the process is alive.</summary>
    public const string AlivePath = "/alive";

    /// <summary>Runs the checks, those with a tag where one is named, and answers.</summary>
    public static async Task AnswerAsync(HttpContext context, HealthCheckService checks, string? tag)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { } span)
        {
            // Asked every few seconds, and of interest to nobody: what is not recorded is not exported.
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }

        var report = await checks.CheckHealthAsync(tag is null ? null : check => check.Tags.Contains(tag), context.RequestAborted);
        var body = Render(report);
        context.Response.StatusCode = report.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = body.Length;
        if (context.Request.Method == "GET")
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    private static byte[] Render(HealthReport report)
    {
        var text = new StringBuilder($"{{\"status\":\"{Word(report.Status)}\"");
        if (report.Status != HealthStatus.Healthy)
        {
            var troubled = report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy)
                .Select(entry => $"{JsonSerializer.Serialize(entry.Key)}:\"{Word(entry.Value.Status)}\"");
            text.Append(",\"checks\":{").AppendJoin(',', troubled).Append('}');
        }

        return Encoding.UTF8.GetBytes(text.Append('}').ToString());
    }

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "ok",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
