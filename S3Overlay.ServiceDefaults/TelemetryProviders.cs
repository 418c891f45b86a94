using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace S3Overlay.ServiceDefaults;

/// <summary>
/// The tracer and meter providers, alive as long as the host. Built with the SDK's own builders: the hosting extensions add nothing that is
/// needed here, and .NET's own sources and meters carry the semantic conventions already.
/// </summary>
/// <param name="telemetry">What is exported.</param>
/// <param name="configuration">Where the exporters read their <c>OTEL_*</c> settings: the host's, so that its command line and files count too.</param>
/// <param name="resource">Says who the service is.</param>
internal sealed class TelemetryProviders(ServiceTelemetry telemetry, IConfiguration configuration, Action<ResourceBuilder> resource) : IHostedService, IDisposable
{
    private TracerProvider? _tracer;
    private MeterProvider? _meter;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _tracer = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .ConfigureResource(resource)
            .AddSource([.. telemetry.Sources])
            .AddOtlpExporter()
            .Build();
        _meter = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .ConfigureResource(resource)
            .AddMeter([.. telemetry.Meters])
            .AddOtlpExporter()
            .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends what has not been sent yet. Both at once: each waits a few seconds for a collector that does not answer.</summary>
    public void Dispose() => Parallel.Invoke(() => _tracer?.Dispose(), () => _meter?.Dispose());
}
