namespace S3Overlay.Tests.Support.Given;

/// <summary>One proxy without a remote in front of an external store.</summary>
public sealed class GivenForwardingFixture : LocalOnlyFixture, ITwoWays
{
    public StoreAccess Direct => new(GivenStore.Local!.Endpoint, GivenStore.Local.AccessKey, GivenStore.Local.SecretKey);

    public StoreAccess Through => new(Proxy.Endpoint, "minioadmin", "minioadmin");

    protected override bool CanStart => GivenStore.Missing is null;

    protected override string BucketPrefix { get; } = $"f{Guid.NewGuid().ToString("n")[..8]}-";

    protected override Task<ProxyProcess> StartAsync(TemporaryFolder folder) =>
        ProxyProcess.StartAsync(folder["unused"], [.. GivenStore.Local!.AsLocal, ("S3_OVERLAY_SPOOL_DIR", folder["spool"])]);
}
