namespace S3Overlay.Tests.Support;

/// <summary>
/// One proxy in local-only mode with TLS. Handwritten requests use HTTP/2, and AWS's SDK uses HTTP/1.1.
/// </summary>
public sealed class SecureFixture : LocalOnlyFixture
{
    protected override Task<ProxyProcess> StartAsync(TemporaryFolder folder) =>
        ProxyProcess.StartAsync(folder["data"], [("S3_OVERLAY_CORS", "true"), .. TestCertificate.Settings(folder["certificate"])]);
}
