namespace S3Overlay.Tests.Support.Ceph;

/// <summary>
/// Two gateways, one as the writable layer and one as the remote, shared by all classes of the collection. Each takes seconds to start, and
/// starts on first use.
/// </summary>
public sealed class CephPair : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly SemaphoreSlim _starting = new(1);
    private CephGateway? _local;
    private CephGateway? _remote;

    public Task<CephGateway> LocalAsync() =>
        StartedAsync(() => _local, async () => _local = await CephGateway.StartAsync(_folder["local"]));

    /// <summary>The one below.</summary>
    public Task<CephGateway> RemoteAsync() =>
        StartedAsync(() => _remote, async () => _remote = await CephGateway.StartAsync(_folder["remote"]));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var gateway in new[] { _local, _remote })
        {
            if (gateway is not null)
            {
                await gateway.DisposeAsync();
            }
        }

        _folder.Dispose();
        _starting.Dispose();
    }

    private async Task<CephGateway> StartedAsync(Func<CephGateway?> started, Func<Task<CephGateway>> start)
    {
        await _starting.WaitAsync();
        try
        {
            return started() ?? await start();
        }
        finally
        {
            _starting.Release();
        }
    }
}
