using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace S3Overlay.Proxy.Protocol.Bodies.Hashing;

/// <summary>CRC-32C (Castagnoli; RFC 3720, appendix B.4), with the processor's own instruction where it has one.</summary>
public static class Crc32C
{
    /// <summary>The checksum of some bytes.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Goes on with a checksum: <paramref name="crc"/> is that of the bytes before, 0 at the start.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        if (Sse42.X64.IsSupported)
        {
            ulong wide = crc;
            foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
            {
                wide = Sse42.X64.Crc32(wide, word);
            }

            crc = (uint)wide;
            bytes = bytes[(bytes.Length & ~7)..];
            foreach (var octet in bytes)
            {
                crc = Sse42.Crc32(crc, octet);
            }

            return ~crc;
        }

        if (Crc32.Arm64.IsSupported)
        {
            for (; bytes.Length >= 8; bytes = bytes[8..])
            {
                crc = Crc32.Arm64.ComputeCrc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            }

            foreach (var octet in bytes)
            {
                crc = Crc32.ComputeCrc32C(crc, octet);
            }

            return ~crc;
        }

        return Fallback.Crc.Append(~crc, bytes);
    }

    /// <summary>For processors that have neither.</summary>
    private static class Fallback
    {
        public static readonly ReflectedCrc<uint> Crc = new(CrcCombine.Crc32CPolynomial);
    }
}
