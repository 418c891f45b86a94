namespace S3Overlay.Proxy.Protocol.Deletes;

/// <summary>One key of DeleteObjects.</summary>
/// <param name="Key">The key.</param>
/// <param name="VersionId">The version to delete, or null.</param>
/// <param name="Conditions">What the object must be, or null.</param>
public sealed record DeleteItem(string Key, string? VersionId, DeleteConditions? Conditions);
