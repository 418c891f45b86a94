using System.Buffers.Binary;
using System.Numerics;

namespace S3Overlay.Proxy.Protocol.Bodies.Hashing;

/// <summary>
/// A CRC that goes through its bits from the lowest, starts with ones and ends inverted: by carry-less multiplication where the processor
/// has it.
/// </summary>
/// <typeparam name="T">As many bits as the CRC has.</typeparam>
/// <param name="polynomial">The polynomial, its highest power in the lowest bit.</param>
internal sealed class ReflectedCrc<T>(T polynomial)
    where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
{
    private readonly T[] _tables = BuildTables(polynomial);
    private readonly CrcFolding _folding = new(ulong.CreateTruncating(polynomial), int.CreateTruncating(T.PopCount(T.AllBitsSet)));

    /// <summary>Goes on with a checksum: <paramref name="crc"/> is that of the bytes before, 0 at the start.</summary>
    public T Append(T crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        if (CrcFolding.IsSupported && bytes.Length >= CrcFolding.MinLength)
        {
            Span<byte> rest = stackalloc byte[CrcFolding.RestLength];
            var shortened = _folding.Shorten(ulong.CreateTruncating(crc), bytes, rest);
            crc = Update(T.Zero, rest);
            bytes = bytes[shortened..];
        }

        return ~Update(crc, bytes);
    }

    /// <summary>
    /// Goes on with the register itself, with tables of eight bytes: for processors without the instruction, and for what is short.
    /// </summary>
    public T Update(T register, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<T> tables = _tables;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ ulong.CreateTruncating(register);
            register = tables[1792 + (int)(word & 0xFF)]
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
            register = tables[byte.CreateTruncating(register) ^ octet] ^ (register >>> 8);
        }

        return register;
    }

    private static T[] BuildTables(T polynomial)
    {
        var tables = new T[8 * 256];
        for (var i = 0; i < 256; i++)
        {
            var value = T.CreateTruncating(i);
            for (var bit = 0; bit < 8; bit++)
            {
                value = T.IsOddInteger(value) ? (value >>> 1) ^ polynomial : value >>> 1;
            }

            tables[i] = value;
        }

        for (var i = 256; i < tables.Length; i++)
        {
            tables[i] = tables[byte.CreateTruncating(tables[i - 256])] ^ (tables[i - 256] >>> 8);
        }

        return tables;
    }
}
