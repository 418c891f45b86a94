namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>The cache has no room for new bytes. Existing entries are unchanged.</summary>
public sealed class CacheFullException(string message) : IOException(message);
