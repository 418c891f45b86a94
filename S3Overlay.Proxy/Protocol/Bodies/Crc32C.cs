using System.IO.Hashing;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>CRC-32C (Castagnoli; RFC 3720, appendix B.4): the checksum of blocks and records on disk.</summary>
public static class Crc32C
{
    /// <summary>The checksum of <paramref name="bytes"/>.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => Crc32.HashToUInt32(Crc32ParameterSet.Crc32C, bytes);

    /// <summary>The checksum of earlier bytes, whose checksum is <paramref name="crc"/>, followed by <paramref name="bytes"/>.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes) => CrcCombine.Crc32C(crc, Compute(bytes), bytes.Length);
}
