using System.Buffers.Binary;
using System.IO.Compression;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>An entry's record as a header: its CRC-32C (4 bytes) and the deflated record, in base64.</summary>
internal static class PackedRecord
{
    /// <summary>S3 takes 2 KB of user metadata in all.</summary>
    private const int Longest = 1600;

    private const int LongestText = 1 << 16;

    /// <summary>Packs a record; null where it would be too long.</summary>
    public static string? Write(EntryRecord record)
    {
        var text = EntryRecordText.Write(record, null);
        using var packed = new MemoryStream();
        packed.Write(new byte[4]);
        using (var deflate = new DeflateStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflate.Write(text);
        }

        var bytes = packed.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(text));
        var value = Convert.ToBase64String(bytes);
        return value.Length <= Longest ? value : null;
    }

    /// <summary>Unpacks a record.</summary>
    /// <exception cref="InvalidDataException">It has another format, or is damaged.</exception>
    public static EntryRecord Read(string value)
    {
        var packed = new byte[Longest];
        if (value.Length > Longest || !Convert.TryFromBase64String(value, packed, out var length) || length < 4)
        {
            throw new InvalidDataException("its metadata is not that of an entry");
        }

        var text = new byte[LongestText];
        using var inflate = new DeflateStream(new MemoryStream(packed, 4, length - 4), CompressionMode.Decompress);
        var read = inflate.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        return Crc32C.Compute(text.AsSpan(0, read)) == BinaryPrimitives.ReadUInt32LittleEndian(packed)
            ? EntryRecordText.Read(text.AsMemory(0, read)).Record
            : throw new InvalidDataException("its metadata is damaged");
    }
}
