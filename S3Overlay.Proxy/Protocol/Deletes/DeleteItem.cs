namespace S3Overlay.Proxy.Protocol.Deletes;

/// <summary>One key of DeleteObjects.</summary>
/// <param name="Key">The key.</param>
/// <param name="VersionId">The version to delete, or null.</param>
/// <param name="IfMatch">The ETag the object must have, or null.</param>
public sealed record DeleteItem(string Key, string? VersionId, string? IfMatch);
