using System.Buffers.Binary;
using System.Globalization;


namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Computes the checksum of a multipart object from those of its parts.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html</remarks>
public static class PartChecksums
{
    /// <summary>The <c>x-amz-checksum-type</c> of a checksum over the object's bytes.</summary>
    public const string FullObjectType = "FULL_OBJECT";

    /// <summary>The <c>x-amz-checksum-type</c> of a checksum over the parts' checksums.</summary>
    public const string CompositeType = "COMPOSITE";

    /// <summary>Whether the checksum of the whole follows from those of the parts: true for CRCs, false for hashes.</summary>
    public static bool CanBeFullObject(ChecksumAlgorithm algorithm) =>
        algorithm is ChecksumAlgorithm.Crc32 or ChecksumAlgorithm.Crc32C or ChecksumAlgorithm.Crc64Nvme;

    /// <summary>Whether S3 has a composite checksum of this algorithm: all except CRC-64/NVME.</summary>
    public static bool CanBeComposite(ChecksumAlgorithm algorithm) => algorithm != ChecksumAlgorithm.Crc64Nvme;

    /// <summary>The type of an upload that names only an algorithm.</summary>
    public static string DefaultType(ChecksumAlgorithm algorithm) => CanBeComposite(algorithm) ? CompositeType : FullObjectType;

    /// <summary>The checksum of the object's bytes.</summary>
    /// <param name="algorithm">One of the CRCs.</param>
    /// <param name="parts">In order: each part's value in base64, and its size.</param>
    public static BodyChecksum FullObject(ChecksumAlgorithm algorithm, IEnumerable<(string Value, long Size)> parts)
    {
        if (!CanBeFullObject(algorithm))
        {
            throw new ArgumentOutOfRangeException(nameof(algorithm));
        }

        ulong crc = 0;
        Span<byte> value = stackalloc byte[8];
        var bytes = value[..ChecksumNames.Size(algorithm)];
        foreach (var (part, size) in parts)
        {
            Decode(algorithm, part, bytes);
            crc = algorithm switch
            {
                ChecksumAlgorithm.Crc32 => CrcCombine.Crc32((uint)crc, BinaryPrimitives.ReadUInt32BigEndian(bytes), size),
                ChecksumAlgorithm.Crc32C => CrcCombine.Crc32C((uint)crc, BinaryPrimitives.ReadUInt32BigEndian(bytes), size),
                _ => CrcCombine.Crc64Nvme(crc, BinaryPrimitives.ReadUInt64BigEndian(bytes), size),
            };
        }

        if (bytes.Length == 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)crc);
        }
        else
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, crc);
        }

        return new(algorithm, Convert.ToBase64String(bytes));
    }

    /// <summary>The checksum of the parts' checksums, followed by their number.</summary>
    /// <param name="algorithm">Any except CRC-64/NVME.</param>
    /// <param name="parts">In order: each part's value in base64.</param>
    public static BodyChecksum Composite(ChecksumAlgorithm algorithm, IEnumerable<string> parts)
    {
        using var hasher = ChecksumHasher.Create(algorithm);
        Span<byte> value = stackalloc byte[64];
        var bytes = value[..ChecksumNames.Size(algorithm)];
        var count = 0;
        foreach (var part in parts)
        {
            Decode(algorithm, part, bytes);
            hasher.Append(bytes);
            count++;
        }

        return new(algorithm, hasher.Finish().Value + "-" + count.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>A value without the part count of a composite one: base64 has no dash.</summary>
    public static string WithoutCount(string value) => value.Split('-')[0];

    private static void Decode(ChecksumAlgorithm algorithm, string part, Span<byte> bytes)
    {
        if (!Convert.TryFromBase64String(part, bytes, out var written) || written != bytes.Length)
        {
            throw new S3Exception(S3Errors.InvalidRequest, $"Value for {ChecksumNames.Header(algorithm)} header is invalid.");
        }
    }
}
