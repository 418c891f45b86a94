using Amazon.S3;

namespace S3Overlay.Tests.Support;

/// <summary>A remote that is running.</summary>
/// <param name="AccessKey">The overlay's key there.</param>
/// <param name="SecretKey">The overlay's secret there.</param>
/// <param name="Client">A client of it that may write.</param>
public sealed record RemoteServer(Uri Endpoint, string AccessKey, string SecretKey, AmazonS3Client Client);
