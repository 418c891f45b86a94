using Microsoft.Extensions.Hosting;

using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace S3Overlay.ServiceDefaults;

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
