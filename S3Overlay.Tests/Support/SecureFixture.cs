namespace S3Overlay.Tests.Support;

/// <summary>
/// One proxy in local-only mode behind TLS: what tests send by hand goes over HTTP/2, what AWS's SDK sends over HTTP/1.1.
/// </summary>
public sealed class SecureFixture : LocalOnlyFixture
{
    /// <inheritdoc/>
    protected override Task<ProxyProcess> StartAsync(TemporaryFolder folder) =>
        ProxyProcess.StartAsync(folder["data"], [("S3_OVERLAY_CORS", "true"), .. TestCertificate.Settings(folder["certificate"])]);
}
