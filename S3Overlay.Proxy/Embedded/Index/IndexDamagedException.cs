namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>What is on the disk cannot be trusted. The index is derived: its owner can throw it away and build it again.</summary>
public sealed class IndexDamagedException(string message, Exception? cause = null) : IOException(message, cause);
