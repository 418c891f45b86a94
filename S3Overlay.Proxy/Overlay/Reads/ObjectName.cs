namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>An object as clients name it.</summary>
internal readonly record struct ObjectName(string Bucket, string Key);
