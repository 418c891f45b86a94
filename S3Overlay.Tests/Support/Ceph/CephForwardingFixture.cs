namespace S3Overlay.Tests.Support.Ceph;

/// <summary>One proxy without a remote in front of a real Ceph gateway.</summary>
public sealed class CephForwardingFixture(CephPair ceph) : LocalOnlyFixture, ITwoWays
{
    private CephGateway _gateway = null!;

    public StoreAccess Direct => new(_gateway.Endpoint, CephGateway.AccessKey, CephGateway.SecretKey);

    public StoreAccess Through => new(Proxy.Endpoint, "minioadmin", "minioadmin");

    protected override bool CanStart => CephGateway.Missing is null;

    protected override string BucketPrefix { get; } = $"f{Guid.NewGuid().ToString("n")[..8]}-";

    protected override async Task<ProxyProcess> StartAsync(TemporaryFolder folder)
    {
        _gateway = await ceph.LocalAsync();
        return await ProxyProcess.StartAsync(folder["unused"], [.. _gateway.AsLocal, ("S3_OVERLAY_SPOOL_DIR", folder["spool"])]);
    }
}
