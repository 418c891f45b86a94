using System.Buffers.Binary;
using System.Text;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>Reads what <see cref="FieldWriter"/> wrote. Throws <see cref="InvalidDataException"/> for anything inconsistent.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>True if nothing is left: a field that was added later is missing.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    public byte Byte() => Raw(1)[0];

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

    /// <summary>A count: cannot exceed the number of bytes left.</summary>
    public int Count()
    {
        var count = Number();
        return count >= 0 && count <= _rest.Length ? (int)count
            : throw new InvalidDataException("A stored record is shorter than it says.");
    }

    /// <summary>Eight bytes.</summary>
    public ulong Fixed() => BinaryPrimitives.ReadUInt64LittleEndian(Raw(8));

    public string Text() => Encoding.UTF8.GetString(Raw(Count()));

    /// <summary>A text or null.</summary>
    public string? OptionalText() => Byte() == 0 ? null : Text();

    public ReadOnlySpan<byte> Block() => Raw(Count());

    public FileId File() => FileId.Read(Raw(FileId.Size));

    public ReadOnlySpan<byte> Raw(int length)
    {
        if (length > _rest.Length)
        {
            throw new InvalidDataException("A stored record is too short.");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
