using System.Reflection;

using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace S3Overlay.ServiceDefaults;

/// <summary>
/// What a service exports, and under which name. Use it to replace the defaults; to add to them, call <c>services.AddOpenTelemetry()</c>.
/// </summary>
/// <param name="application">The application's name.</param>
public sealed class ServiceTelemetry(string application)
{
    private readonly string _instance = Guid.NewGuid().ToString();

    /// <summary>The service's name, by default the application's. <c>OTEL_SERVICE_NAME</c> overrides it.</summary>
    public string Name { get; set; } = application;

    /// <summary>The service's version, by default the program's. <c>OTEL_RESOURCE_ATTRIBUTES</c> overrides it.</summary>
    public string? Version { get; set; } =
        Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];

    /// <summary>
    /// Selects the spans. By default: requests that come in, except for health requests; requests of HTTP clients; and the sources named
    /// like the application or
    /// <c>S3Overlay.*</c>.
    /// </summary>
    public Action<TracerProviderBuilder> Tracing { get; set; } = tracing => tracing
        .AddSource(application, "S3Overlay.*")
        .AddAspNetCoreInstrumentation(static requests => requests.Filter = static context => !HealthPage.IsAsked(context, out _))
        .AddHttpClientInstrumentation();

    /// <summary>
    /// Selects the metrics. By default: ASP.NET Core, HTTP clients, the runtime, and the meters named <c>S3Overlay.*</c>.
    /// </summary>
    public Action<MeterProviderBuilder> Metrics { get; set; } = static metrics => metrics
        .AddMeter("S3Overlay.*")
        .AddAspNetCoreInstrumentation()
        .AddHttpClientInstrumentation()
        .AddRuntimeInstrumentation();

    /// <summary>
    /// Says who the service is: the same instance id for spans, metrics and logs, and the environment last, so that it overrides the rest.
    /// </summary>
    internal void Describe(ResourceBuilder resource) => resource
        .AddService(Name, serviceVersion: Version, autoGenerateServiceInstanceId: false, serviceInstanceId: _instance)
        .AddEnvironmentVariableDetector();
}
