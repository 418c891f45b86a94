namespace S3Overlay.Proxy.Configuration;

/// <summary>How a bucket is named in requests to the remote.</summary>
public enum AddressingStyle
{
    /// <summary>By the host: virtual for AWS and host names of several labels, path for everything else.</summary>
    Auto,

    /// <summary><c>https://host/bucket/key</c>.</summary>
    Path,

    /// <summary><c>https://bucket.host/key</c>.</summary>
    Virtual,
}
