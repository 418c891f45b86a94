using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace S3Overlay.Proxy.Hosting.Health;

/// <summary>
/// The health of the proxy: without local nothing can be promised, so that requests had better go elsewhere; without the remote all that was written or is held is
/// still served, so that the proxy is degraded and stays where it is.
/// </summary>
internal sealed class LayerChecks(TimeProvider time)
{
    private readonly LayerCheck _local = new("local store", TimeSpan.FromSeconds(2), time);
    private readonly LayerCheck _remote = new("remote", TimeSpan.FromSeconds(10), time);

    /// <summary>Adds the checks to a host's. They find everything well until the layers are open.</summary>
    public void AddTo(IServiceCollection services) => services.AddHealthChecks()
        .AddCheck("local", _local, HealthStatus.Unhealthy)
        .AddCheck("remote", _remote, HealthStatus.Degraded);

    /// <summary>Begins to look at the layers.</summary>
    public void Watch(ProxyServices services, ILoggerFactory loggers)
    {
        (_local.Logger, _remote.Logger) = (loggers.CreateLogger<LayerCheck>(), loggers.CreateLogger<LayerCheck>());
        _local.Ask = services.Local.Check;
        _remote.Ask = services.Remote?.Check;
    }
}
