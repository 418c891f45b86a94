using System.Buffers.Binary;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The first 64 bytes of every file of the store: its kind and layout. Numbers are little-endian.</summary>
/// <param name="Kind">What the file contains.</param>
/// <param name="HeaderLength">Bytes of the header, which follows the preamble.</param>
/// <param name="HeaderChecksum">The header's CRC-32C.</param>
/// <param name="TableOffset">Start of the block table.</param>
/// <param name="TableChecksum">The table's CRC-32C.</param>
/// <param name="DataOffset">Start of the data.</param>
/// <param name="DataLength">Bytes of data.</param>
internal readonly record struct FilePreamble(
    FileKind Kind, int HeaderLength, uint HeaderChecksum, long TableOffset, uint TableChecksum, long DataOffset, long DataLength)
{
    /// <summary>Size in bytes.</summary>
    public const int Size = 64;

    /// <summary>The format of a file that is not encrypted.</summary>
    public const int Version = 1;

    /// <summary>The format of an encrypted file: the tags of its blocks follow the block table. Older programs refuse it.</summary>
    public const int EncryptedVersion = 2;

    private const int MaxHeader = 16 << 20;

    /// <summary>True if the data is encrypted.</summary>
    public bool IsEncrypted { get; init; }

    private static ReadOnlySpan<byte> Magic => "S3OVERLY"u8;

    /// <summary>Parses and checks a preamble.</summary>
    /// <exception cref="InvalidDataException">Not a complete preamble of this format.</exception>
    public static FilePreamble Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size || !bytes.StartsWith(Magic))
        {
            throw new InvalidDataException("Not a file of the store.");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Crc32C.Compute(bytes[..60]))
        {
            throw new InvalidDataException("The file's preamble is damaged.");
        }

        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        if (version is not (Version or EncryptedVersion))
        {
            throw new InvalidDataException($"The file is of format {version}; this version reads formats up to {EncryptedVersion}.");
        }

        var preamble = new FilePreamble(
            (FileKind)bytes[10], BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[20..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]))
            { IsEncrypted = version == EncryptedVersion };
        return preamble.HeaderLength is >= 0 and <= MaxHeader && preamble.DataLength >= 0 && preamble.DataOffset >= Size
            ? preamble
            : throw new InvalidDataException("The file's preamble is inconsistent.");
    }

    /// <summary>Writes it. The last four bytes are the CRC-32C of those before.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[..Size].Clear();
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], IsEncrypted ? (ushort)EncryptedVersion : (ushort)Version);
        bytes[10] = (byte)Kind;
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], HeaderLength);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], HeaderChecksum);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[20..], TableOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[28..], TableChecksum);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], DataOffset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[40..], DataLength);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[60..], Crc32C.Compute(bytes[..60]));
    }
}

/// <summary>What a file of the store contains. The numbers are on disk.</summary>
internal enum FileKind : byte
{
    /// <summary>An object with its bytes.</summary>
    Object = 1,

    /// <summary>An object whose bytes are in the part files it names, in order.</summary>
    Manifest = 2,

    /// <summary>One part of a multipart upload, open or completed.</summary>
    Part = 3,

    /// <summary>An open multipart upload.</summary>
    Upload = 4,

    /// <summary>A bucket or bucket tombstone.</summary>
    Bucket = 5,

    /// <summary>The highest reserved number of writes and deletes.</summary>
    Sequence = 6,
}
