using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>How the overlay uses an S3 endpoint as its writable layer.</summary>
public sealed record StoreSettings
{
    /// <summary>The bucket for tombstones, marks and cache entries.</summary>
    public string CacheBucket { get; init; } = "s3-overlay-cache";

    /// <summary>The region of new buckets; us-east-1 is left out.</summary>
    public string BucketLocation { get; init; } = AwsHosts.DefaultRegion;

    /// <summary>The approximate limit of cached bytes (rule E1); null for none.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>How many proxies share the endpoint. With more than one, knowledge of buckets may be a second old.</summary>
    public int Proxies { get; init; } = 1;

    /// <summary>
    /// Objects larger than this are cached in chunks. A read that begins further on asks for the manifest of an unknown entry first.
    /// </summary>
    public long LargestWhole { get; init; } = 50L << 20;
}
