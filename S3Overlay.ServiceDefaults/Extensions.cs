using System.Reflection;

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

/// <summary>
/// What every service of this solution shares, under the names that .NET Aspire's template has for it: telemetry where somebody collects it, health checks, and the
/// endpoints that show them.
/// </summary>
public static class Extensions
{
    /// <summary>The tag of checks that say whether the process is alive at all, whatever it depends on.</summary>
    public const string Live = "live";

    /// <summary>Adds telemetry and health checks.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="configure">Says what to export, and as whom; null for what the template exports.</param>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder, Action<ServiceTelemetry>? configure = null)
        where TBuilder : IHostApplicationBuilder => builder.ConfigureOpenTelemetry(configure).AddDefaultHealthChecks();

    /// <summary>Exports traces, metrics and logs by OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to, and otherwise nothing. What is left is sent when the host is disposed.</summary>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder, Action<ServiceTelemetry>? configure = null)
        where TBuilder : IHostApplicationBuilder
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            return builder;
        }

        var telemetry = new ServiceTelemetry();
        configure?.Invoke(telemetry);
        var resource = ResourceOf(builder, telemetry);
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
            var who = ResourceBuilder.CreateEmpty();
            resource(who);
            logging.SetResourceBuilder(who);
            logging.AddOtlpExporter();
        });
        var configuration = builder.Configuration;
        builder.Services.AddHostedService(_ => new TelemetryProviders(telemetry, configuration, resource));
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
    /// Answers unsigned GETs of exactly <c>/health</c> (every check: may it be sent requests) and <c>/alive</c> (those tagged <see cref="Live"/>: must it be started
    /// anew). Unlike the template's, in every environment: orchestrators ask in production. Everything else, a bucket called <c>health</c> too, goes on.
    /// </summary>
    public static IApplicationBuilder MapDefaultEndpoints(this IApplicationBuilder app)
    {
        var checks = app.ApplicationServices.GetRequiredService<HealthCheckService>();
        return app.Use(next => context =>
        {
            // Nearly every other target is longer, and told apart by that alone.
            var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            return target.Length > HealthPage.HealthPath.Length || !UnsignedGet.Is(context, target)
                ? next(context)
                : target switch
                {
                    HealthPage.HealthPath => HealthPage.AnswerAsync(context, checks, null),
                    HealthPage.AlivePath => HealthPage.AnswerAsync(context, checks, Live),
                    _ => next(context),
                };
        });
    }

    /// <summary>
    /// Who the service is. One instance id for spans, metrics and logs, so that they are told to be of one process; and what the environment says of the
    /// service comes last, so that it holds.
    /// </summary>
    private static Action<ResourceBuilder> ResourceOf(IHostApplicationBuilder builder, ServiceTelemetry telemetry)
    {
        var name = telemetry.Name ?? builder.Environment.ApplicationName;
        var version = telemetry.Version
            ?? Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        var instance = Guid.NewGuid().ToString();
        return resource => resource.Clear()
            .AddTelemetrySdk()
            .AddService(name, serviceVersion: version, autoGenerateServiceInstanceId: false, serviceInstanceId: instance)
            .AddEnvironmentVariableDetector();
    }
}
