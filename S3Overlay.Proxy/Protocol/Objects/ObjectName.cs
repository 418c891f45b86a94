namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The bucket and key of an object.</summary>
public readonly record struct ObjectName(string Bucket, string Key);
