namespace S3Overlay.Proxy.Protocol.Bodies.Hashing;

/// <summary>CRC-32 (ISO-HDLC, as in zip and Ethernet).</summary>
public static class Crc32Iso
{
    private static readonly ReflectedCrc<uint> Crc = new(CrcCombine.Crc32Polynomial);

    /// <summary>The checksum of some bytes.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Goes on with a checksum: <paramref name="crc"/> is that of the bytes before, 0 at the start.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes) => Crc.Append(crc, bytes);

    /// <summary>The register after some bytes, by tables alone.</summary>
    internal static uint Update(uint register, ReadOnlySpan<byte> bytes) => Crc.Update(register, bytes);
}
