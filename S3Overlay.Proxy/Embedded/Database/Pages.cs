using System.Buffers.Binary;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Database;

/// <summary>
/// The checksum in the last eight bytes of each page of a database: a mark, and the CRC-32C of the page's number and its other bytes. So a
/// page that is damaged, old or at the wrong place is noticed when it is read.
/// </summary>
internal static class Pages
{
    /// <summary>Bytes of a page.</summary>
    public const int Size = 4096;

    /// <summary>Bytes at its end that SQLite leaves to us.</summary>
    public const int Reserved = 8;

    private static ReadOnlySpan<byte> Mark => "S3O1"u8;

    /// <summary>True if a transfer is of a whole page.</summary>
    public static bool IsPage(int length, long offset) => length == Size && offset % Size == 0;

    /// <summary>Copies a page with its checksum.</summary>
    public static void Seal(ReadOnlySpan<byte> page, long offset, Span<byte> result)
    {
        page.CopyTo(result);
        Mark.CopyTo(result[^Reserved..]);
        BinaryPrimitives.WriteUInt32LittleEndian(result[^4..], ChecksumOf(result, offset));
    }

    /// <summary>Checks a page.</summary>
    /// <exception cref="InvalidDataException">It is not what was written there.</exception>
    public static void Check(ReadOnlySpan<byte> page, long offset, string path)
    {
        if (page.Length < Size || !page[^Reserved..].StartsWith(Mark)
            || BinaryPrimitives.ReadUInt32LittleEndian(page[^4..]) != ChecksumOf(page, offset))
        {
            throw new InvalidDataException($"Page {(offset / Size) + 1} of {path} does not match its checksum.");
        }
    }

    private static uint ChecksumOf(ReadOnlySpan<byte> page, long offset)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, offset / Size);
        return Crc32C.Append(Crc32C.Compute(page[..^Reserved]), number);
    }
}
