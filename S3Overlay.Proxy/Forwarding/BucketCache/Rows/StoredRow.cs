namespace S3Overlay.Proxy.Forwarding.BucketCache.Rows;

/// <summary>The object that is a listing row of a copy.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Put">When it was put, by the store's clock.</param>
/// <param name="IsDropped">Whether it says of itself that its copy was dropped, and is there only as long as that may come yet.</param>
internal sealed record StoredRow(string Name, DateTimeOffset Put, bool IsDropped = false);
