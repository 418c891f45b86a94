namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>Where copies of objects that are kept whole are, over an S3 endpoint (rule E4).</summary>
public enum CachePlace
{
    /// <summary>In the overlay's own bucket.</summary>
    CacheBucket,

    /// <summary>Under their own key in their own bucket.</summary>
    Bucket,
}
