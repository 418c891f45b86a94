using System.Buffers.Binary;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>CRC-32 (ISO-HDLC, as in zip and Ethernet), by carry-less multiplication where the processor has it.</summary>
public static class Crc32Iso
{
    private static readonly uint[] Tables = BuildTables();
    private static readonly CrcFolding Folding = new(CrcCombine.Crc32Polynomial, 32);

    /// <summary>The checksum of some bytes.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Goes on with a checksum: <paramref name="crc"/> is that of the bytes before, 0 at the start.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
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
    internal static uint Update(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> tables = Tables;
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

    private static uint[] BuildTables()
    {
        var tables = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ CrcCombine.Crc32Polynomial : value >> 1;
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
