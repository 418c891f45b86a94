namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>What comes can no longer be stored: whoever reads goes on without the store (rule R3).</summary>
internal sealed class StoreFailedException(Exception? cause = null) : Exception("What came from the remote could not be stored.", cause);
