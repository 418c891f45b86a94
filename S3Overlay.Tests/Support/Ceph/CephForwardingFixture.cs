namespace S3Overlay.Tests.Support.Ceph;

/// <summary>One proxy without a remote in front of a real Ceph gateway.</summary>
public sealed class CephForwardingFixture(CephPair ceph) : LocalOnlyFixture, ITwoWays
{
    private CephGateway _gateway = null!;

    /// <inheritdoc/>
    public StoreAccess Direct => new(_gateway.Endpoint, CephGateway.AccessKey, CephGateway.SecretKey);

    /// <inheritdoc/>
    public StoreAccess Through => new(Proxy.Endpoint, "minioadmin", "minioadmin");

    /// <inheritdoc/>
    protected override bool CanStart => CephGateway.Missing is null;

    /// <inheritdoc/>
    protected override string BucketPrefix { get; } = $"f{Guid.NewGuid().ToString("n")[..8]}-";

    /// <inheritdoc/>
    protected override async Task<ProxyProcess> StartAsync(TemporaryFolder folder)
    {
        _gateway = await ceph.LocalAsync();
        return await ProxyProcess.StartAsync(folder["unused"], [.. _gateway.AsLocal, ("S3_OVERLAY_SPOOL_DIR", folder["spool"])]);
    }
}
