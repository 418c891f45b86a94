namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>S3's names of the checksum algorithms.</summary>
public static class ChecksumNames
{
    /// <summary>Every algorithm.</summary>
    public static IReadOnlyList<ChecksumAlgorithm> All { get; } = Enum.GetValues<ChecksumAlgorithm>();

    /// <summary>The header (or trailer) that carries the value: <c>x-amz-checksum-crc32c</c>.</summary>
    public static string Header(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Crc32 => "x-amz-checksum-crc32",
        ChecksumAlgorithm.Crc32C => "x-amz-checksum-crc32c",
        ChecksumAlgorithm.Crc64Nvme => "x-amz-checksum-crc64nvme",
        ChecksumAlgorithm.Sha1 => "x-amz-checksum-sha1",
        ChecksumAlgorithm.Sha256 => "x-amz-checksum-sha256",
        ChecksumAlgorithm.Sha512 => "x-amz-checksum-sha512",
        ChecksumAlgorithm.Md5 => "x-amz-checksum-md5",
        ChecksumAlgorithm.XxHash64 => "x-amz-checksum-xxhash64",
        ChecksumAlgorithm.XxHash3 => "x-amz-checksum-xxhash3",
        ChecksumAlgorithm.XxHash128 => "x-amz-checksum-xxhash128",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>The name in XML and in <c>x-amz-checksum-algorithm</c>: <c>CRC32C</c>.</summary>
    public static string Name(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Crc32 => "CRC32",
        ChecksumAlgorithm.Crc32C => "CRC32C",
        ChecksumAlgorithm.Crc64Nvme => "CRC64NVME",
        ChecksumAlgorithm.Sha1 => "SHA1",
        ChecksumAlgorithm.Sha256 => "SHA256",
        ChecksumAlgorithm.Sha512 => "SHA512",
        ChecksumAlgorithm.Md5 => "MD5",
        ChecksumAlgorithm.XxHash64 => "XXHASH64",
        ChecksumAlgorithm.XxHash3 => "XXHASH3",
        ChecksumAlgorithm.XxHash128 => "XXHASH128",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>The XML element: <c>ChecksumCRC32C</c>.</summary>
    public static string Element(ChecksumAlgorithm algorithm) => "Checksum" + Name(algorithm);

    /// <summary>Whether S3 added it only recently, so that many stores do not know it.</summary>
    public static bool IsLate(ChecksumAlgorithm algorithm) =>
        algorithm is ChecksumAlgorithm.Md5 or ChecksumAlgorithm.Sha512 or ChecksumAlgorithm.XxHash64 or ChecksumAlgorithm.XxHash3
            or ChecksumAlgorithm.XxHash128;

    /// <summary>The size of a value in bytes, before base64.</summary>
    public static int Size(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Crc32 or ChecksumAlgorithm.Crc32C => 4,
        ChecksumAlgorithm.Crc64Nvme or ChecksumAlgorithm.XxHash64 or ChecksumAlgorithm.XxHash3 => 8,
        ChecksumAlgorithm.Md5 or ChecksumAlgorithm.XxHash128 => 16,
        ChecksumAlgorithm.Sha1 => 20,
        ChecksumAlgorithm.Sha512 => 64,
        _ => 32,
    };

    /// <summary>Reads the name of an algorithm to compute.</summary>
    /// <exception cref="S3Exception">InvalidRequest for an unknown name.</exception>
    public static ChecksumAlgorithm Parse(string name) =>
        TryParseName(name, out var algorithm)
            ? algorithm
            : throw new S3Exception(S3Errors.InvalidRequest,
                $"Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
                + $"[{string.Join(", ", All.Select(Name))}]");

    /// <summary>Reads a name from <c>x-amz-checksum-algorithm</c> or <c>x-amz-sdk-checksum-algorithm</c>.</summary>
    public static bool TryParseName(string? text, out ChecksumAlgorithm algorithm)
    {
        foreach (var candidate in All)
        {
            if (string.Equals(Name(candidate), text, StringComparison.OrdinalIgnoreCase))
            {
                algorithm = candidate;
                return true;
            }
        }

        algorithm = default;
        return false;
    }
}
