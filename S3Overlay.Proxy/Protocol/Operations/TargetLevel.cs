namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>What the path of a request names.</summary>
public enum TargetLevel
{
    /// <summary>The service: <c>/</c>.</summary>
    Service,

    /// <summary>A bucket.</summary>
    Bucket,

    /// <summary>An object.</summary>
    Object,
}
