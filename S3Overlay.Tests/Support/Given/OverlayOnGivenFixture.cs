namespace S3Overlay.Tests.Support.Given;

/// <summary>An overlay between two external stores.</summary>
public sealed class OverlayOnGivenFixture : OverlayFixture
{
    protected override bool CanStart => GivenStore.Missing is null;

    protected override string BucketPrefix { get; } = $"o{Guid.NewGuid().ToString("n")[..8]}-";

    protected override Task<RemoteServer> StartRemoteAsync(TemporaryFolder folder)
    {
        var remote = GivenStore.Remote!;
        return Task.FromResult(new RemoteServer(remote.Endpoint, remote.AccessKey, remote.SecretKey, remote.CreateClient()));
    }

    protected override Task<(string Name, string Value)[]> LocalAsync(TemporaryFolder folder) =>
        Task.FromResult<(string, string)[]>([.. GivenStore.Local!.AsLocal, ("S3_OVERLAY_SPOOL_DIR", folder["spool"])]);
}
