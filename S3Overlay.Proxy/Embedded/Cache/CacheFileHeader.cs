using System.Buffers.Binary;
using System.Text;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// The header of a cache entry's file: the entry's key, remote object and version, and when it was last known to be current.
/// </summary>
/// <remarks>
/// <code>
///   0   "S3OH"   4  format version   8  header length   12  CRC-32C of the header   16  the header
///   table, at the next multiple of 4096: a CRC-32C for each block, 0 if the block is not cached
///   data, at the next multiple of 4096: every byte at its own position, gaps not allocated
/// </code>
/// </remarks>
internal sealed record CacheFileHeader(string Bucket, string Key, EntryIdentity Identity, ObjectInfo Info, DateTimeOffset ValidatedAt)
{
    /// <summary>Bytes before the header itself.</summary>
    public const int PreambleSize = 16;

    private const uint Magic = 0x484F_3353;
    private const uint FormatVersion = 1;
    private const int LongestHeader = 1 << 20;
    private const int Alignment = 4096;

    /// <summary>The next aligned position.</summary>
    public static long Align(long position) => (position + Alignment - 1) / Alignment * Alignment;

    /// <summary>Preamble and header.</summary>
    public byte[] ToBytes()
    {
        using var memory = new MemoryStream();
        memory.Write(new byte[PreambleSize]);
        using (var writer = new BinaryWriter(memory, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Bucket);
            writer.Write(Key);
            writer.Write(Identity.Endpoint);
            writer.Write(Identity.Bucket);
            writer.Write(Identity.Key);
            writer.Write(Identity.ChunkSize);
            writer.Write(ValidatedAt.UtcTicks);
            writer.Write(Info.Size);
            writer.Write(Info.ETag);
            writer.Write(Info.LastModified.UtcTicks);
            writer.Write7BitEncodedInt(Info.Headers.Count);
            foreach (var (name, value) in Info.Headers)
            {
                writer.Write(name);
                writer.Write(value);
            }

            writer.Write7BitEncodedInt(Info.Checksums.Count);
            foreach (var checksum in Info.Checksums)
            {
                writer.Write((byte)checksum.Algorithm);
                writer.Write(checksum.Value);
            }

            writer.Write(Info.ChecksumType is not null);
            writer.Write(Info.ChecksumType ?? "");
            writer.Write(Info.AreChecksumsKnown);
        }

        var bytes = memory.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), bytes.Length - PreambleSize);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Crc32C.Compute(bytes.AsSpan(PreambleSize)));
        return bytes;
    }

    /// <summary>The header length in a preamble.</summary>
    /// <exception cref="InvalidDataException">Not a preamble of this format.</exception>
    public static int LengthOf(ReadOnlySpan<byte> preamble)
    {
        if (preamble.Length < PreambleSize
            || BinaryPrimitives.ReadUInt32LittleEndian(preamble) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(preamble[4..]) != FormatVersion)
        {
            throw new InvalidDataException("not a cache entry of this format");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(preamble[8..]);
        return length is > 0 and <= LongestHeader ? length : throw new InvalidDataException("the header's length is wrong");
    }

    /// <summary>Parses a header.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static CacheFileHeader Parse(ReadOnlySpan<byte> preamble, byte[] header)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(preamble[12..]) != Crc32C.Compute(header))
        {
            throw new InvalidDataException("the header is damaged");
        }

        try
        {
            using var reader = new BinaryReader(new MemoryStream(header, writable: false), Encoding.UTF8);
            return Read(reader);
        }
        catch (Exception failure) when (failure is EndOfStreamException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("the header cannot be read", failure);
        }
    }

    private static CacheFileHeader Read(BinaryReader reader)
    {
        var (bucket, key) = (reader.ReadString(), reader.ReadString());
        var identity = new EntryIdentity(reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadInt64());
        var validatedAt = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
        var info = new ObjectInfo
        {
            Size = reader.ReadInt64(),
            ETag = reader.ReadString(),
            LastModified = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero),
            Headers = ReadMany(reader, static reader => new KeyValuePair<string, string>(reader.ReadString(), reader.ReadString())),
            Checksums = ReadMany(reader, static reader => new BodyChecksum((ChecksumAlgorithm)reader.ReadByte(), reader.ReadString())),
        };

        // The text is always there, also without a type.
        var (hasType, type) = (reader.ReadBoolean(), reader.ReadString());

        // Older files lack this field: if they name no checksum, it must be requested.
        info = info with
        {
            ChecksumType = hasType ? type : null,
            AreChecksumsKnown = reader.BaseStream.Position < reader.BaseStream.Length ? reader.ReadBoolean() : info.Checksums.Count > 0,
        };
        return new CacheFileHeader(bucket, key, identity, info, validatedAt);
    }

    private static T[] ReadMany<T>(BinaryReader reader, Func<BinaryReader, T> read)
    {
        var items = new T[reader.Read7BitEncodedInt()];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = read(reader);
        }

        return items;
    }
}
