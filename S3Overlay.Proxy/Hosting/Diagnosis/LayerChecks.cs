using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>
/// The proxy's health. Without the local layer it is unhealthy. Without a remote it is degraded: writes and cache entries are still served.
/// </summary>
/// <param name="remotes">The remotes' roles.</param>
/// <param name="time">The clock.</param>
internal sealed class LayerChecks(IEnumerable<string> remotes, TimeProvider time)
{
    private readonly LayerCheck _local = new("local store", TimeSpan.FromSeconds(2), time);
    private readonly Dictionary<string, LayerCheck> _remotes = remotes.ToDictionary(
        role => role, role => new LayerCheck(role, TimeSpan.FromSeconds(10), time));

    /// <summary>Adds the checks to a host's. They are healthy until the layers are open.</summary>
    public void AddTo(IServiceCollection services)
    {
        var checks = services.AddHealthChecks().AddCheck("local", _local, HealthStatus.Unhealthy);
        foreach (var (role, check) in _remotes)
        {
            checks.AddCheck(role, check, HealthStatus.Degraded);
        }
    }

    /// <summary>Whether a remote's check passes.</summary>
    public async Task<bool> IsWellAsync(string role) => await _remotes[role].LookAsync() is null;

    /// <summary>What is known of a layer now: asks it if that is long ago, and does not wait.</summary>
    /// <param name="role">The remote's role; null for the local layer.</param>
    public (bool IsKnown, string? Trouble) Glance(string? role) => (role is null ? _local : _remotes[role]).Glance();

    /// <summary>Begins to check the layers, which are open now.</summary>
    /// <param name="services">The layers.</param>
    /// <param name="loggers">For trouble.</param>
    /// <param name="known">Known problems of a remote's mapped buckets, by its role; null for none.</param>
    /// <param name="ending">Cancelled when the proxy stops.</param>
    public void Watch(ProxyServices services, ILoggerFactory loggers, Func<string, string?> known, CancellationToken ending)
    {
        foreach (var check in _remotes.Values.Prepend(_local))
        {
            check.Ending = ending;
        }

        (_local.Logger, _local.Ask) = (loggers.CreateLogger<LayerCheck>(), async cancellationToken =>
        {
            await services.Local.Check(cancellationToken);
            return null;
        });
        foreach (var remote in services.Remotes?.Checks ?? [])
        {
            var role = remote.Options.Role;
            (_remotes[role].Logger, _remotes[role].Known) = (_local.Logger, () => known(role));
            _remotes[role].Ask = async cancellationToken => await remote.Endpoint
                .RunAsync(cancellationToken) is { Verdict: Verdict.Failed } failure ? failure.ToString() : null;
        }
    }
}
