
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>How the overlay uses an S3 endpoint as its writable layer.</summary>
public sealed record StoreSettings
{
    /// <summary>The bucket that holds what is the overlay's own: tombstones, marks, copies.</summary>
    public string CacheBucket { get; init; } = "s3-overlay-cache";

    /// <summary>The region that buckets are made in; us-east-1 is what is not said.</summary>
    public string BucketLocation { get; init; } = AwsHosts.DefaultRegion;

    /// <summary>How many bytes copies may take, about (rule E1); null for any number.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>How many proxies share the endpoint. With more than one, what one of them knows of buckets may be a second old.</summary>
    public int Proxies { get; init; } = 1;

    /// <summary>
    /// Objects whose first wanted byte is further on than this are not expected to be held whole: of a copy that is not known yet, the
    /// manifest is asked for.
    /// </summary>
    public long LargestWhole { get; init; } = 50L << 20;
}
