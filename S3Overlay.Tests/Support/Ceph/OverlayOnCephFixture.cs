namespace S3Overlay.Tests.Support.Ceph;

/// <summary>An overlay between two real Ceph gateways.</summary>
public sealed class OverlayOnCephFixture(CephPair ceph) : OverlayFixture
{
    protected override bool CanStart => CephGateway.Missing is null;

    protected override string BucketPrefix { get; } = $"o{Guid.NewGuid().ToString("n")[..8]}-";

    protected override async Task<RemoteServer> StartRemoteAsync(TemporaryFolder folder)
    {
        var gateway = await ceph.RemoteAsync();
        return new RemoteServer(gateway.Endpoint, CephGateway.AccessKey, CephGateway.SecretKey, gateway.CreateClient());
    }

    protected override async Task<(string Name, string Value)[]> LocalAsync(TemporaryFolder folder) =>
        [.. (await ceph.LocalAsync()).AsLocal, ("S3_OVERLAY_SPOOL_DIR", folder["spool"])];
}
