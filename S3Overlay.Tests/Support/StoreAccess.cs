namespace S3Overlay.Tests.Support;

/// <summary>How a server is reached by a client that has a key there.</summary>
/// <param name="Endpoint">Where.</param>
/// <param name="AccessKey">The client's key.</param>
/// <param name="SecretKey">Its secret.</param>
public sealed record StoreAccess(Uri Endpoint, string AccessKey, string SecretKey);
