using System.Buffers.Binary;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>CRC-32 (ISO-HDLC, as in zip and Ethernet), eight bytes a step.</summary>
/// <remarks>Processors have no instruction for this polynomial; tables of eight are within reach of what a disk or a network delivers.</remarks>
public static class Crc32Iso
{
    private static readonly uint[] Tables = BuildTables();

    /// <summary>The checksum of some bytes.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Goes on with a checksum: <paramref name="crc"/> is that of the bytes before, 0 at the start.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> tables = Tables;
        crc = ~crc;
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

        return ~crc;
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
