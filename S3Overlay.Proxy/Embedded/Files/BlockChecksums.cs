using System.Buffers.Binary;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// The table that detects damage: a CRC-32C, four bytes little-endian, per block of 64 KiB (the last may be shorter). At this size the
/// table is 1/16384 of the data, and reading a small range costs little more than its own bytes.
/// </summary>
internal static class BlockChecksums
{
    public const int BlockSize = 64 * 1024;

    /// <summary>Bytes per table entry.</summary>
    public const int EntrySize = 4;

    /// <summary>The number of blocks for a length.</summary>
    public static long BlocksOf(long length) => (length + BlockSize - 1) / BlockSize;

    /// <summary>The table's length for a data length.</summary>
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

    /// <summary>The first block of <paramref name="data"/> that does not match its entry; -1 if all match.</summary>
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
