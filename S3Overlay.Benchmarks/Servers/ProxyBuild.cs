using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>
/// A build of the proxy with its own data: once without a remote, for writes, and once on top of the test remote, for misses.
/// </summary>
public sealed class ProxyBuild : IAsyncDisposable
{
    private readonly string _name;
    private readonly string? _build;
    private readonly string _folder;
    private readonly StandInRemote _remote;
    private readonly IReadOnlyList<Workload> _workloads;
    private readonly List<ProxyServer> _running = [];
    private ProxyServer? _local;
    private ProxyServer? _overlay;

    /// <summary>Takes a build; nothing runs yet.</summary>
    /// <param name="build">Its dll or folder; null for the build beside this one.</param>
    /// <param name="folder">Where to put its data.</param>
    /// <param name="workloads">What it is measured with.</param>
    public ProxyBuild(string name, string? build, string folder, StandInRemote remote, IReadOnlyList<Workload> workloads) =>
        (_name, _build, _folder, _remote, _workloads) = (name, build, Path.Combine(folder, name), remote, workloads);

    /// <summary>Restarts the servers that the workloads need. The first time, it also stores the objects.</summary>
    public async Task StartAsync()
    {
        await DisposeAsync();
        var data = Path.Combine(_folder, "local");
        if (_workloads.Any(workload => !workload.IsCold))
        {
            if (!Directory.Exists(data))
            {
                await using var filled = await ProxyServer.StartAsync(_name, _build, new Dictionary<string,
                    string> { ["S3_OVERLAY_DATA_DIR"] = data, ["S3_OVERLAY_DURABLE"] = "false" });
                filled.Fill(ProxyServer.Bucket, _workloads.Select(workload => workload.Objects).OfType<StoredObjects>().Distinct());
                await filled.StopAsync();
            }

            _running.Add(
                _local = await ProxyServer.StartAsync(_name, _build, new Dictionary<string, string> { ["S3_OVERLAY_DATA_DIR"] = data }));
        }

        if (_workloads.Any(workload => workload.IsCold))
        {
            _running.Add(_overlay = await ProxyServer.StartAsync(_name, _build, Overlay(Path.Combine(_folder, "overlay"), _remote.Port)));
        }
    }

    /// <summary>The server for a workload.</summary>
    public IServerUnderTest For(Workload workload) => (workload.IsCold ? _overlay : _local)!;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _running)
        {
            await server.DisposeAsync();
        }

        _running.Clear();
    }

    /// <summary>
    /// Settings for a proxy over a remote on a loopback port. The bound keeps cold reads, which stay in the cache, from filling the disk.
    /// </summary>
    public static Dictionary<string, string> Overlay(string data, int remote) => new()
    {
        ["S3_OVERLAY_DATA_DIR"] = data,
        ["S3_OVERLAY_CACHE_ENABLED"] = "true",
        ["S3_OVERLAY_CACHE_MAX_BYTES"] = "2GiB",
        ["S3_OVERLAY_REMOTE_ENDPOINT"] = FormattableString.Invariant($"http://127.0.0.1:{remote}"),
        ["S3_OVERLAY_REMOTE_ACCESS_KEY_ID"] = "minioadmin",
        ["S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY"] = "minioadmin",
    };
}
