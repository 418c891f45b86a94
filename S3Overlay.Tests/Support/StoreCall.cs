namespace S3Overlay.Tests.Support;

/// <summary>A call that a store was asked.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path as sent, percent-encoded.</param>
/// <param name="Query">The query as sent, without its question mark.</param>
/// <param name="Status">What was answered; 0 before that, and where the connection was cut before the call took effect.</param>
public sealed record StoreCall(string Method, string Path, string Query, int Status);
