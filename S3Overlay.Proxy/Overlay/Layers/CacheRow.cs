namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>What listings compare of a cache entry.</summary>
/// <param name="Key">The client's key.</param>
/// <param name="Size">Size of the whole object in bytes.</param>
/// <param name="ETag">The remote's ETag, with quotes.</param>
/// <param name="LastModified">The remote's date.</param>
public record CacheRow(string Key, long Size, string ETag, DateTimeOffset LastModified);
