namespace S3Overlay.Tests.Support;

/// <summary>
/// One proxy without a remote in front of an S3 endpoint, shared by the tests of a class. The endpoint is a second proxy, over its built-in
/// store.
/// </summary>
public sealed class ForwardingFixture : LocalOnlyFixture, ITwoWays
{
    public ProxyProcess Store { get; private set; } = null!;

    public StoreAccess Direct => new(Store.Endpoint, "the-store", "the-secret-of-the-store");

    public StoreAccess Through => new(Proxy.Endpoint, "minioadmin", "minioadmin");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Store.DisposeAsync();
    }

    protected override async Task<ProxyProcess> StartAsync(TemporaryFolder folder)
    {
        Store = await ProxyProcess.StartAsync(folder["data"], ("S3_OVERLAY_ACCESS_KEY", "the-store"),
            ("S3_OVERLAY_SECRET_KEY", "the-secret-of-the-store"));
        return await ProxyProcess.StartAsync(
            folder["unused"],
            ("S3_OVERLAY_LOCAL_ENDPOINT", Store.Endpoint.ToString()),
            ("S3_OVERLAY_LOCAL_STORE", "s3overlay"),
            ("S3_OVERLAY_LOCAL_ACCESS_KEY", "the-store"),
            ("S3_OVERLAY_LOCAL_SECRET_KEY", "the-secret-of-the-store"),
            ("S3_OVERLAY_ACCESS_KEY", "minioadmin"),
            ("S3_OVERLAY_SECRET_KEY", "minioadmin"),
            ("S3_OVERLAY_CORS", "true"));
    }
}
