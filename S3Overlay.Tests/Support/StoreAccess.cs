namespace S3Overlay.Tests.Support;

/// <summary>The endpoint and credentials of a server.</summary>
/// <param name="AccessKey">The client's key.</param>
public sealed record StoreAccess(Uri Endpoint, string AccessKey, string SecretKey);
