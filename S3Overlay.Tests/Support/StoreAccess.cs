namespace S3Overlay.Tests.Support;

/// <summary>The endpoint and credentials of a server.</summary>
/// <param name="Endpoint">Where.</param>
/// <param name="AccessKey">The client's key.</param>
/// <param name="SecretKey">Its secret.</param>
public sealed record StoreAccess(Uri Endpoint, string AccessKey, string SecretKey);
