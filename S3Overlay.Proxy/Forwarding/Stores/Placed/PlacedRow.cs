using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// What a listing compares of a copy that is kept under its own key: what the remote shows of the object, and what the store shows of the
/// copy.
/// </summary>
/// <param name="Key">The key.</param>
/// <param name="Size">Bytes, of both.</param>
/// <param name="ETag">The remote's ETag.</param>
/// <param name="LastModified">The remote's date.</param>
/// <param name="StoreETag">The store's ETag of the copy, without quotes.</param>
/// <param name="Placed">The store's date of the copy, in whole seconds; null while that is not known.</param>
internal sealed record PlacedRow(string Key, long Size, string ETag, DateTimeOffset LastModified, string StoreETag, DateTimeOffset? Placed)
    : CacheRow(Key, Size, ETag, LastModified);
