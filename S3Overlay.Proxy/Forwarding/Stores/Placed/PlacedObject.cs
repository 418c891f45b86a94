using S3Overlay.Proxy.Forwarding.BucketCache.Format;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>A copy that was found under its own key.</summary>
/// <param name="Record">What it is a copy of.</param>
/// <param name="StoreETag">The store's ETag of it, with quotes.</param>
/// <param name="Placed">The store's date of it.</param>
internal sealed record PlacedObject(EntryRecord Record, string StoreETag, DateTimeOffset Placed)
{
    /// <summary>Which version the store says it is; null where it does not.</summary>
    public string? VersionId { get; init; }
}
