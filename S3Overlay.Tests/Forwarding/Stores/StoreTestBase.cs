using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores;

/// <summary>Two proxies over one store.</summary>
public abstract class StoreTestBase : IAsyncLifetime
{
    private readonly List<StoreProxy> _proxies = [];

    private protected StoreServer Store { get; private set; } = null!;

    private protected StoreProxy One { get; private set; } = null!;

    private protected StoreProxy Other { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Store = await StoreServer.StartAsync();
        (One, Other) = (Fresh(), Fresh());
    }

    public async Task DisposeAsync()
    {
        _proxies.ForEach(proxy => proxy.Dispose());
        await Store.DisposeAsync();
    }

    /// <summary>A proxy that has just started.</summary>
    private protected StoreProxy Fresh(int proxies = 2, TimeProvider? time = null, TimeSpan? deadline = null)
    {
        var proxy = new StoreProxy(Store.Endpoint, proxies, time ?? new HurriedTimeProvider(20), deadline: deadline);
        _proxies.Add(proxy);
        return proxy;
    }

    /// <summary>Runs work in a proxy whose process then ends: its background work stops.</summary>
    private protected async Task DyingAsync(Func<StoreProxy, Task> work)
    {
        using var proxy = Fresh();
        await work(proxy);
    }

    private protected static async Task<List<string>> ToListAsync(IAsyncEnumerable<string> keys)
    {
        var list = new List<string>();
        await foreach (var key in keys)
        {
            list.Add(key);
        }

        return list;
    }
}
