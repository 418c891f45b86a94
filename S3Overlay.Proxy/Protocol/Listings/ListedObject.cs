using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>An object in a listing.</summary>
/// <param name="Size">In bytes.</param>
/// <param name="ETag">With quotes, as in HEAD.</param>
public sealed record ListedObject(long Size, string ETag, DateTimeOffset LastModified)
{
    /// <summary>The storage class; <c>STANDARD</c> by default.</summary>
    public string StorageClass { get; init; } = "STANDARD";

    /// <summary>The account that owns it; null for the bucket's owner.</summary>
    public string? OwnerId { get; init; }

    /// <summary>The object's additional checksums by their XML names, including unknown ones.</summary>
    public IReadOnlyList<string> ChecksumAlgorithms { get; init; } = [];

    /// <summary>The checksum type; null without checksums.</summary>
    public string? ChecksumType { get; init; }

    /// <summary>The restore status; null if not requested, or not archived.</summary>
    public RestoreStatus? RestoreStatus { get; init; }

    /// <summary>The row of an object with this metadata.</summary>
    public static ListedObject Of(ObjectInfo info) => new(info.Size, info.ETag, info.LastModified)
    {
        StorageClass = info.Header("x-amz-storage-class") ?? "STANDARD",
        ChecksumAlgorithms = info.Checksums.Count switch
        {
            0 => [],
            1 => ChecksumNames.Only(info.Checksums[0].Algorithm),
            _ => [.. info.Checksums.Select(static checksum => ChecksumNames.Name(checksum.Algorithm))],
        },
        ChecksumType = info.ChecksumType,
    };

    /// <summary>Writes the checksum elements.</summary>
    public void WriteChecksums(S3XmlWriter xml)
    {
        foreach (var algorithm in ChecksumAlgorithms)
        {
            xml.Element("ChecksumAlgorithm", algorithm);
        }

        xml.Optional("ChecksumType", ChecksumType);
    }
}
