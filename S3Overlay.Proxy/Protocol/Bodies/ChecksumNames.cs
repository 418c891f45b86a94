namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>S3's names of the checksum algorithms.</summary>
public static class ChecksumNames
{
    /// <summary>Name and size of each algorithm, in the order of the enumeration.</summary>
    private static readonly (string Name, int Size)[] Rows =
    [
        ("CRC32", 4), ("CRC32C", 4), ("CRC64NVME", 8), ("SHA1", 20), ("SHA256", 32), ("SHA512", 64), ("MD5", 16), ("XXHASH64", 8),
        ("XXHASH3", 8), ("XXHASH128", 16),
    ];

    private static readonly string[] Headers = [.. Rows.Select(static row => "x-amz-checksum-" + row.Name.ToLowerInvariant())];

    /// <summary>A list with one name each: rows of listings share them.</summary>
    private static readonly string[][] Singles = [.. Rows.Select(static row => new[] { row.Name })];

    /// <summary>Every algorithm.</summary>
    public static IReadOnlyList<ChecksumAlgorithm> All { get; } = Enum.GetValues<ChecksumAlgorithm>();

    /// <summary>The header (or trailer) that carries the value: <c>x-amz-checksum-crc32c</c>.</summary>
    public static string Header(ChecksumAlgorithm algorithm) => Headers[(int)algorithm];

    /// <summary>The name in XML and in <c>x-amz-checksum-algorithm</c>: <c>CRC32C</c>.</summary>
    public static string Name(ChecksumAlgorithm algorithm) => Rows[(int)algorithm].Name;

    /// <summary>A list with the name alone.</summary>
    public static IReadOnlyList<string> Only(ChecksumAlgorithm algorithm) => Singles[(int)algorithm];

    /// <summary>The XML element: <c>ChecksumCRC32C</c>.</summary>
    public static string Element(ChecksumAlgorithm algorithm) => "Checksum" + Name(algorithm);

    /// <summary>Whether S3 added it only recently, so that many stores do not know it.</summary>
    public static bool IsLate(ChecksumAlgorithm algorithm) =>
        algorithm is ChecksumAlgorithm.Md5 or ChecksumAlgorithm.Sha512 or ChecksumAlgorithm.XxHash64 or ChecksumAlgorithm.XxHash3
            or ChecksumAlgorithm.XxHash128;

    /// <summary>The size of a value in bytes, before base64.</summary>
    public static int Size(ChecksumAlgorithm algorithm) => Rows[(int)algorithm].Size;

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
