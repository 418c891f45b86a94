namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>What the local layer knows of a bucket.</summary>
/// <param name="Exists">True if it has a local half.</param>
/// <param name="IsOpaque">True if it was deleted here, so the remote stays hidden (rule B4).</param>
public readonly record struct BucketState(bool Exists, bool IsOpaque);
