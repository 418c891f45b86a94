namespace S3Overlay.Proxy.Forwarding.Stores.Held;

/// <summary>A key that something may be held of, in the client's view.</summary>
internal readonly record struct HeldName(string Bucket, string Key);
