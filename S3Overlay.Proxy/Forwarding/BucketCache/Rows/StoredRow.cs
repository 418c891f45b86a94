namespace S3Overlay.Proxy.Forwarding.BucketCache.Rows;

/// <summary>A listing row of an entry.</summary>
/// <param name="Put">When it was written, by the store's clock.</param>
/// <param name="IsEvicted">True if its entry was evicted and the row only waits for a late upload.</param>
internal sealed record StoredRow(string Name, DateTimeOffset Put, bool IsEvicted = false);
