using System.Buffers.Binary;
using System.Text;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>Reads what <see cref="FieldWriter"/> wrote. Whatever does not add up is an <see cref="InvalidDataException"/>.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>One byte.</summary>
    public byte Byte() => Raw(1)[0];

    /// <summary>A number.</summary>
    public long Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var octet = Byte();
            value |= (ulong)(octet & 0x7F) << shift;
            if (octet < 0x80)
            {
                return (long)value;
            }
        }

        throw new InvalidDataException("A number in a stored record does not end.");
    }

    /// <summary>A number that counts something, so that it cannot be more than there are bytes left.</summary>
    public int Count()
    {
        var count = Number();
        return count >= 0 && count <= _rest.Length ? (int)count
            : throw new InvalidDataException("A stored record is shorter than it says.");
    }

    /// <summary>A number of eight bytes.</summary>
    public ulong Fixed() => BinaryPrimitives.ReadUInt64LittleEndian(Raw(8));

    /// <summary>A text.</summary>
    public string Text() => Encoding.UTF8.GetString(Raw(Count()));

    /// <summary>A text that may be missing.</summary>
    public string? OptionalText() => Byte() == 0 ? null : Text();

    /// <summary>A file's name.</summary>
    public FileId File() => FileId.Read(Raw(FileId.Size));

    /// <summary>Bytes of a known length.</summary>
    public ReadOnlySpan<byte> Raw(int length)
    {
        if (length > _rest.Length)
        {
            throw new InvalidDataException("A stored record breaks off.");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
