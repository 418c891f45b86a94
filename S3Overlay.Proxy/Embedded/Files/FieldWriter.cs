using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>Writes the fields of headers and rows: numbers as LEB128, texts as UTF-8 after their length.</summary>
internal sealed class FieldWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public ReadOnlyMemory<byte> WrittenMemory => _buffer.WrittenMemory;

    public FieldWriter Byte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
        return this;
    }

    /// <summary>A number of any size; small ones are short.</summary>
    public FieldWriter Number(long value)
    {
        var rest = (ulong)value;
        while (rest >= 0x80)
        {
            Byte((byte)(rest | 0x80));
            rest >>= 7;
        }

        return Byte((byte)rest);
    }

    /// <summary>Always eight bytes, for fields that are filled in later.</summary>
    public FieldWriter Fixed(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
        return this;
    }

    public FieldWriter Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Number(length);
        Encoding.UTF8.GetBytes(value, _buffer.GetSpan(length));
        _buffer.Advance(length);
        return this;
    }

    /// <summary>A text or null.</summary>
    public FieldWriter OptionalText(string? value) => value is null ? Byte(0) : Byte(1).Text(value);

    /// <summary>Bytes after their length.</summary>
    public FieldWriter Block(ReadOnlySpan<byte> bytes) => Number(bytes.Length).Raw(bytes);

    /// <summary>Bytes of a length that both sides know.</summary>
    public FieldWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _buffer.Write(bytes);
        return this;
    }

    public FieldWriter File(FileId id)
    {
        id.Write(_buffer.GetSpan(FileId.Size));
        _buffer.Advance(FileId.Size);
        return this;
    }
}
