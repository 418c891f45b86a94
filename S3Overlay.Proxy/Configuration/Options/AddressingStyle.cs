namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>How a bucket is named in requests to an S3 endpoint.</summary>
public enum AddressingStyle
{
    /// <summary>
    /// By the host: virtual for the clouds that want it so, AWS first; path for everything else, which serves it without a wildcard in DNS.
    /// </summary>
    Auto,

    /// <summary><c>https://host/bucket/key</c>.</summary>
    Path,

    /// <summary><c>https://bucket.host/key</c>.</summary>
    Virtual,
}
