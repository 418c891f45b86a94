namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>The index on disk cannot be trusted. It is derived data: its owner can delete and rebuild it.</summary>
public sealed class IndexDamagedException(string message, Exception? cause = null) : IOException(message, cause);
