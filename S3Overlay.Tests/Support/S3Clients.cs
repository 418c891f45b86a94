using Amazon.Runtime;
using Amazon.S3;

namespace S3Overlay.Tests.Support;

/// <summary>AWS's own SDK, pointed at a server under test.</summary>
public static class S3Clients
{
    /// <summary>A client with path-style addressing and no retries, so that a test sees what the server said.</summary>
    public static AmazonS3Client Create(Uri endpoint, string accessKey = "minioadmin", string secretKey = "minioadmin",
        bool pathStyle = true, TimeSpan? timeout = null) =>
        new(
            new BasicAWSCredentials(accessKey, secretKey),
            new AmazonS3Config
            {
                ServiceURL = endpoint.ToString(),
                AuthenticationRegion = "us-east-1",
                ForcePathStyle = pathStyle,
                MaxErrorRetry = 0,
                HttpClientFactory = endpoint.Scheme == "https" ? new TrustingClients() : null,
                Timeout = timeout ?? TimeSpan.FromMinutes(2),
            });

    /// <summary>Clients that take the certificate of tests.</summary>
    private sealed class TrustingClients : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
            new(new SocketsHttpHandler { SslOptions = TestCertificate.Trusting(""), UseProxy = false });
    }

    /// <summary>A client of a store of any make. Not every one takes the checksum trailers that the SDK sends by default.</summary>
    public static AmazonS3Client CreateForStore(Uri endpoint, string accessKey, string secretKey) =>
        new(
            new BasicAWSCredentials(accessKey, secretKey),
            new AmazonS3Config
            {
                ServiceURL = endpoint.ToString(),
                AuthenticationRegion = "us-east-1",
                ForcePathStyle = true,
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            });
}
