using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>What a listing shows of one object.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">With its quotes, as HEAD shows it.</param>
/// <param name="LastModified">When it was written.</param>
public sealed record ListedObject(long Size, string ETag, DateTimeOffset LastModified)
{
    /// <summary>The storage class, <c>STANDARD</c> unless the layer says otherwise.</summary>
    public string StorageClass { get; init; } = "STANDARD";

    /// <summary>Which additional checksums the object has, by their names in XML: also of algorithms that nobody here knows.</summary>
    public IReadOnlyList<string> ChecksumAlgorithms { get; init; } = [];

    /// <summary>What they cover; null where there are none.</summary>
    public string? ChecksumType { get; init; }

    /// <summary>How far it is restored; null where it is no archived object, or nobody asked.</summary>
    public RestoreStatus? RestoreStatus { get; init; }

    /// <summary>The row of an object that a HEAD would show so.</summary>
    public static ListedObject Of(ObjectInfo info) => new(info.Size, info.ETag, info.LastModified)
    {
        StorageClass = info.Header("x-amz-storage-class") ?? "STANDARD",
        ChecksumAlgorithms = info.Checksums.Count == 0 ? []
            : [.. info.Checksums.Select(static checksum => ChecksumNames.Name(checksum.Algorithm))],
        ChecksumType = info.ChecksumType,
    };

    /// <summary>Writes the elements of its checksums.</summary>
    public void WriteChecksums(S3XmlWriter xml)
    {
        foreach (var algorithm in ChecksumAlgorithms)
        {
            xml.Element("ChecksumAlgorithm", algorithm);
        }

        if (ChecksumType is { } type)
        {
            xml.Element("ChecksumType", type);
        }
    }
}
