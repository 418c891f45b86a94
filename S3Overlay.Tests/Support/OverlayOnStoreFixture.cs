namespace S3Overlay.Tests.Support;

/// <summary>An overlay whose writable layer is an S3 endpoint: a third proxy, over its built-in store.</summary>
public class OverlayOnStoreFixture : OverlayFixture
{
    /// <summary>The endpoint; it outlives restarts of the overlay.</summary>
    public ProxyProcess? Store { get; private set; }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Store!.DisposeAsync();
    }

    protected override async Task<(string Name, string Value)[]> LocalAsync(TemporaryFolder folder)
    {
        Store ??= await ProxyProcess.StartAsync(folder["store"]);
        return [("S3_OVERLAY_LOCAL_ENDPOINT", Store.Endpoint.ToString()), ("S3_OVERLAY_SPOOL_DIR", folder["spool"])];
    }
}
