namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>The bytes can no longer be stored: the read goes on without the store (rule R3).</summary>
internal sealed class StoreFailedException(Exception? cause = null) : Exception("What came from the remote could not be stored.", cause);
