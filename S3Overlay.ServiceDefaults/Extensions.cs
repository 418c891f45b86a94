using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace S3Overlay.ServiceDefaults;

/// <summary>Shared defaults, named as in .NET Aspire's template: telemetry, health checks, and their endpoints.</summary>
public static class Extensions
{
    /// <summary>The tag of checks that say whether the process is alive at all, whatever it depends on.</summary>
    public const string Live = "live";

    /// <summary>Adds telemetry and health checks.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="configure">Says what to export, and as whom; null for what the template exports.</param>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder, Action<ServiceTelemetry>? configure = null)
        where TBuilder : IHostApplicationBuilder => builder.ConfigureOpenTelemetry(configure).AddDefaultHealthChecks();

    /// <summary>
    /// Exports traces, metrics and logs by OTLP if <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set. Otherwise it registers nothing. An
    /// application adds sources, meters and resource attributes of its own with <c>services.AddOpenTelemetry()</c>, before or after this
    /// call. Disposing the host sends what is left.
    /// </summary>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder, Action<ServiceTelemetry>? configure = null)
        where TBuilder : IHostApplicationBuilder
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            return builder;
        }

        var telemetry = new ServiceTelemetry(builder.Environment.ApplicationName);
        configure?.Invoke(telemetry);
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(telemetry.Describe)
            .WithTracing(telemetry.Tracing)
            .WithMetrics(telemetry.Metrics)
            .UseOtlpExporter();
        builder.Services.AddHostedService<LastExport>();
        return builder;
    }

    /// <summary>Adds the check that the process answers at all.</summary>
    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [Live]);
        return builder;
    }

    /// <summary>
    /// Answers unsigned GETs of exactly <c>/health</c> (every check: may it be sent requests) and <c>/alive</c> (those tagged
    /// <see cref="Live"/>: must it be started anew). Unlike the template's, in every environment: orchestrators ask in production.
    /// Everything else, a bucket called <c>health</c> too, goes on.
    /// </summary>
    public static IApplicationBuilder MapDefaultEndpoints(this IApplicationBuilder app)
    {
        var checks = app.ApplicationServices.GetRequiredService<HealthCheckService>();
        return app.Use(next => context => HealthPage.IsAsked(context, out var tag) ? HealthPage.AnswerAsync(context, checks, tag)
            : next(context));
    }
}

/// <summary>
/// Sends the remaining traces and metrics at the same time when the host is disposed. Each waits up to five seconds for a collector that
/// does not answer, and the container would dispose one after the other.
/// </summary>
internal sealed class LastExport(TracerProvider tracer, MeterProvider meter) : IHostedService, IDisposable
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The container made this after the providers, so it disposes this first. Disposing them again does nothing.</summary>
    public void Dispose() => Parallel.Invoke(tracer.Dispose, meter.Dispose);
}
