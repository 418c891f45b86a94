using Microsoft.Extensions.Hosting;

using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace S3Overlay.ServiceDefaults;

/// <summary>
/// The tracer and meter providers, alive as long as the host. Built with the SDK's own builders: the hosting extensions add nothing that is
/// needed here, and .NET's own sources and meters carry the semantic conventions already
/// (https://learn.microsoft.com/dotnet/core/diagnostics/distributed-tracing-builtin-activities).
/// </summary>
internal sealed class TelemetryProviders(string service) : IHostedService, IDisposable
{
    private TracerProvider? _tracer;
    private MeterProvider? _meter;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _tracer = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(resource => resource.AddService(service))
            .AddSource("Microsoft.AspNetCore", "System.Net.Http", "S3Overlay.*")
            .AddOtlpExporter()
            .Build();
        _meter = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService(service))
            .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "S3Overlay.*")
            .AddOtlpExporter()
            .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _tracer?.Dispose();
        _meter?.Dispose();
    }
}
