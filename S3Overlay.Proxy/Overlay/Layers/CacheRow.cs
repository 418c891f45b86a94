namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>What a listing compares of a held copy.</summary>
/// <param name="Key">The key, in the client's view.</param>
/// <param name="Size">Bytes of the whole object.</param>
/// <param name="ETag">The remote's ETag, with quotes.</param>
/// <param name="LastModified">The remote's date.</param>
public record CacheRow(string Key, long Size, string ETag, DateTimeOffset LastModified);
