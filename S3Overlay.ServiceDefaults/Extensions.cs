using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using OpenTelemetry.Logs;
using OpenTelemetry.Resources;

namespace S3Overlay.ServiceDefaults;

/// <summary>What every service here shares: health checks, and telemetry where somebody collects it.</summary>
public static class Extensions
{
    private const string HealthPath = "/health";

    /// <summary>Adds health checks, and exports traces, metrics and logs by OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to.</summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder, string service)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddHealthChecks();
        if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            var name = builder.Configuration["OTEL_SERVICE_NAME"] ?? service;
            builder.Logging.AddOpenTelemetry(logging =>
            {
                logging.IncludeFormattedMessage = true;
                logging.IncludeScopes = true;
                logging.SetResourceBuilder(ResourceBuilder.CreateDefault().AddService(name));
                logging.AddOtlpExporter();
            });
            builder.Services.AddHostedService(_ => new TelemetryProviders(name));
        }

        return builder;
    }

    /// <summary>
    /// Answers unsigned <c>GET /health</c>: <c>{"status":"ok"}</c>, or 503 while a check is unhealthy. Exactly that target and nothing signed:
    /// everything else, a bucket called <c>health</c> too, goes on to the service.
    /// </summary>
    public static IApplicationBuilder MapDefaultEndpoints(this IApplicationBuilder app)
    {
        var checks = app.ApplicationServices.GetRequiredService<HealthCheckService>();
        return app.Use(next => context => IsUnsignedGet(context, HealthPath) ? AnswerHealthAsync(context, checks) : next(context));
    }

    /// <summary>Whether a request is a GET or HEAD of exactly this target, without a query and without a signature.</summary>
    public static bool IsUnsignedGet(HttpContext context, string target) =>
        context.Request.Method is "GET" or "HEAD"
        && context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget == target
        && context.Request.Headers.Authorization.Count == 0;

    private static async Task AnswerHealthAsync(HttpContext context, HealthCheckService checks)
    {
        var report = await checks.CheckHealthAsync(context.RequestAborted);
        var (status, code) = report.Status switch
        {
            HealthStatus.Healthy => ("ok", StatusCodes.Status200OK),
            HealthStatus.Degraded => ("degraded", StatusCodes.Status200OK),
            _ => ("unhealthy", StatusCodes.Status503ServiceUnavailable),
        };
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        var body = $$"""{"status":"{{status}}"}""";
        context.Response.ContentLength = body.Length;
        if (context.Request.Method == "GET")
        {
            await context.Response.WriteAsync(body, context.RequestAborted);
        }
    }
}
