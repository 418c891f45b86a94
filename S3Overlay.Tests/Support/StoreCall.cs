namespace S3Overlay.Tests.Support;

/// <summary>A call of a store.</summary>
/// <param name="Query">The query as sent, without its question mark.</param>
/// <param name="Status">The response's status. 0 before it, and if the connection was cut before the call took effect.</param>
public sealed record StoreCall(string Method, string Path, string Query, int Status);
