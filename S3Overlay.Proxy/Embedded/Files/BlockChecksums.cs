using System.Buffers.Binary;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// The table that finds damage: a CRC-32C, four bytes little-endian, for each block of 64 KiB (the last may be shorter). Blocks of that
/// size keep the table at 1/16384 of the data, and cost a small range little more than its own bytes.
/// </summary>
internal static class BlockChecksums
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockSize = 64 * 1024;

    /// <summary>Bytes of one entry.</summary>
    public const int EntrySize = 4;

    /// <summary>How many blocks so many bytes are.</summary>
    public static long BlocksOf(long length) => (length + BlockSize - 1) / BlockSize;

    /// <summary>How long the table for so many bytes is.</summary>
    public static int TableLengthOf(long length) => checked((int)(BlocksOf(length) * EntrySize));

    /// <summary>Fills the entries for <paramref name="data"/>, which starts at a block's start.</summary>
    public static void Compute(ReadOnlySpan<byte> data, Span<byte> entries)
    {
        while (!data.IsEmpty)
        {
            var block = data[..Math.Min(BlockSize, data.Length)];
            BinaryPrimitives.WriteUInt32LittleEndian(entries, Crc32C.Compute(block));
            data = data[block.Length..];
            entries = entries[EntrySize..];
        }
    }

    /// <summary>Which block of <paramref name="data"/> does not fit its entry; -1 where all fit.</summary>
    public static int FirstDamaged(ReadOnlySpan<byte> data, ReadOnlySpan<byte> entries)
    {
        for (var index = 0; !data.IsEmpty; index++)
        {
            var block = data[..Math.Min(BlockSize, data.Length)];
            if (BinaryPrimitives.ReadUInt32LittleEndian(entries[(index * EntrySize)..]) != Crc32C.Compute(block))
            {
                return index;
            }

            data = data[block.Length..];
        }

        return -1;
    }
}
