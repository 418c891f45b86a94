using System.Buffers.Binary;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>CRC-64/NVME, by carry-less multiplication where the processor has it.</summary>
/// <remarks>NVM Express, NVM Command Set Specification, section 5.2.1.3.4; the checksum that S3 gives every object by default.</remarks>
public static class Crc64Nvme
{
    private static readonly ulong[] Tables = BuildTables();
    private static readonly CrcFolding Folding = new(CrcCombine.Crc64NvmePolynomial, 64);

    /// <summary>The checksum of some bytes.</summary>
    public static ulong Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Goes on with a checksum: <paramref name="crc"/> is that of the bytes before, 0 at the start.</summary>
    public static ulong Append(ulong crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        if (CrcFolding.IsSupported && bytes.Length >= CrcFolding.MinLength)
        {
            Span<byte> rest = stackalloc byte[CrcFolding.RestLength];
            var shortened = Folding.Shorten(crc, bytes, rest);
            crc = Update(0, rest);
            bytes = bytes[shortened..];
        }

        return ~Update(crc, bytes);
    }

    /// <summary>The same with tables of eight bytes: for processors without the instruction, and for what is short.</summary>
    internal static ulong Update(ulong crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> tables = Tables;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ crc;
            crc = tables[1792 + (int)(word & 0xFF)]
                ^ tables[1536 + (int)((word >> 8) & 0xFF)]
                ^ tables[1280 + (int)((word >> 16) & 0xFF)]
                ^ tables[1024 + (int)((word >> 24) & 0xFF)]
                ^ tables[768 + (int)((word >> 32) & 0xFF)]
                ^ tables[512 + (int)((word >> 40) & 0xFF)]
                ^ tables[256 + (int)((word >> 48) & 0xFF)]
                ^ tables[(int)(word >> 56)];
        }

        foreach (var octet in bytes)
        {
            crc = tables[(byte)(crc ^ octet)] ^ (crc >> 8);
        }

        return crc;
    }

    private static ulong[] BuildTables()
    {
        var tables = new ulong[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            ulong value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ CrcCombine.Crc64NvmePolynomial : value >> 1;
            }

            tables[i] = value;
        }

        for (var i = 256; i < tables.Length; i++)
        {
            tables[i] = tables[(byte)tables[i - 256]] ^ (tables[i - 256] >> 8);
        }

        return tables;
    }
}
