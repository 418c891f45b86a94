using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>What the caller will do with a cache entry: a store behind a network may start to read in the same call.</summary>
/// <param name="ReadsBytes">True if bytes will be read; false if only the object's metadata is needed.</param>
/// <param name="Range">Which bytes; null for all.</param>
public readonly record struct LookupHint(bool ReadsBytes, RangeHeader? Range)
{
    /// <summary>Metadata only.</summary>
    public static readonly LookupHint Info;

    /// <summary>The bytes that a GET requests.</summary>
    public static LookupHint Bytes(RangeHeader? range) => new(true, range);
}
