using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>What a listing shows of one object.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">With its quotes, as HEAD shows it.</param>
/// <param name="LastModified">When it was written.</param>
public sealed record ListedObject(long Size, string ETag, DateTimeOffset LastModified)
{
    /// <summary>The storage class, <c>STANDARD</c> unless the layer says otherwise.</summary>
    public string StorageClass { get; init; } = "STANDARD";

    /// <summary>Which additional checksums the object has.</summary>
    public IReadOnlyList<ChecksumAlgorithm> ChecksumAlgorithms { get; init; } = [];

    /// <summary>What they cover; null where there are none.</summary>
    public string? ChecksumType { get; init; }
}
