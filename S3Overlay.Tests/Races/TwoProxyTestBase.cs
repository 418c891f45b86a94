using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>Two whole proxies over one store and one remote. Both already know the bucket.</summary>
public abstract class TwoProxyTestBase : IAsyncLifetime
{
    private static readonly (string, string)[] Settings = [("S3_OVERLAY_PROXIES", "2"), ("S3_OVERLAY_CACHE_ENABLED", "true")];

    /// <summary>The store, the remote, and the first proxy.</summary>
    private protected StoreScene Scene { get; private set; } = null!;

    private protected OverlayHost A { get; private set; } = null!;

    private protected OverlayHost B { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Scene = await StoreScene.StartAsync(true, Settings);
        A = Scene.Proxy;
        B = await Scene.AddProxyAsync(Settings);
        Scene.Remote.Put("bucket", "any", "remote"u8.ToArray());
        foreach (var proxy in (OverlayHost[])[A, B])
        {
            await Scene.SendAsync(proxy, "PUT", "/bucket/warm", "v");
        }

        await RestAsync();
    }

    public async Task DisposeAsync()
    {
        await B.DisposeAsync();
        await Scene.DisposeAsync();
    }

    /// <summary>Waits until neither does background work, so that only the test's actions are interrupted.</summary>
    private protected async Task RestAsync()
    {
        await A.WhenIdleAsync();
        await B.WhenIdleAsync();
    }
}
