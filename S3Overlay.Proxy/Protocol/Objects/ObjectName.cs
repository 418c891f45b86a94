namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>An object as clients name it.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
public readonly record struct ObjectName(string Bucket, string Key);
