namespace S3Overlay.Proxy.Protocol.Bodies.Hashing;

/// <summary>CRC-64/NVME.</summary>
/// <remarks>NVM Express, NVM Command Set Specification, section 5.2.1.3.4; the checksum that S3 gives every object by default.</remarks>
public static class Crc64Nvme
{
    private static readonly ReflectedCrc<ulong> Crc = new(CrcCombine.Crc64NvmePolynomial);

    /// <summary>The checksum of some bytes.</summary>
    public static ulong Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Goes on with a checksum: <paramref name="crc"/> is that of the bytes before, 0 at the start.</summary>
    public static ulong Append(ulong crc, ReadOnlySpan<byte> bytes) => Crc.Append(crc, bytes);

    /// <summary>The register after some bytes, by tables alone.</summary>
    internal static ulong Update(ulong register, ReadOnlySpan<byte> bytes) => Crc.Update(register, bytes);
}
