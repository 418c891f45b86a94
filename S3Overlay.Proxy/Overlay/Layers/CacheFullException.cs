namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>There is no room now for bytes that are to be held. What is held already stays as it is.</summary>
public sealed class CacheFullException(string message) : IOException(message);
