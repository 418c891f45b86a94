namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>What the writable layer knows of a bucket.</summary>
/// <param name="Exists">Whether it has a local half.</param>
/// <param name="IsOpaque">Whether it was deleted here, so that the remote stays hidden under it (rule B4).</param>
public readonly record struct BucketState(bool Exists, bool IsOpaque);
