using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace S3Overlay.Proxy.Hosting.Health;

/// <summary>
/// The health of the proxy: without local nothing can be promised, so that requests had better go elsewhere; without a remote all that was written or is held is
/// still served, so that the proxy is degraded and stays where it is.
/// </summary>
/// <param name="remotes">What the remotes are to people.</param>
/// <param name="time">The clock.</param>
internal sealed class LayerChecks(IEnumerable<string> remotes, TimeProvider time)
{
    private readonly LayerCheck _local = new("local store", TimeSpan.FromSeconds(2), time);
    private readonly Dictionary<string, LayerCheck> _remotes = remotes.ToDictionary(role => role, role => new LayerCheck(role, TimeSpan.FromSeconds(10), time));

    /// <summary>Adds the checks to a host's. They find everything well until the layers are open.</summary>
    public void AddTo(IServiceCollection services)
    {
        var checks = services.AddHealthChecks().AddCheck("local", _local, HealthStatus.Unhealthy);
        foreach (var (role, check) in _remotes)
        {
            checks.AddCheck(role, check, HealthStatus.Degraded);
        }
    }

    /// <summary>Looks at every layer once, whoever asks or not: what is in trouble is told in the log.</summary>
    public Task LookAsync() => Task.WhenAll(_remotes.Values.Prepend(_local).Select(check => check.LookAsync()));

    /// <summary>Makes the layers known that are to be looked at.</summary>
    public void Watch(ProxyServices services, ILoggerFactory loggers)
    {
        (_local.Logger, _local.Ask) = (loggers.CreateLogger<LayerCheck>(), services.Local.Check);
        foreach (var (role, ask) in services.Remote?.Checks ?? new Dictionary<string, Func<CancellationToken, Task>>())
        {
            (_remotes[role].Logger, _remotes[role].Ask) = (_local.Logger, ask);
        }
    }
}
