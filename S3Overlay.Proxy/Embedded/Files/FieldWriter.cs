using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>Writes the fields of headers and rows: numbers as LEB128, texts as UTF-8 behind their length.</summary>
internal sealed class FieldWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    /// <summary>What was written, as memory.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.WrittenMemory;

    /// <summary>One byte.</summary>
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

    /// <summary>A number of eight bytes, whatever its value: for fields that are filled in later.</summary>
    public FieldWriter Fixed(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
        return this;
    }

    /// <summary>A text.</summary>
    public FieldWriter Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Number(length);
        Encoding.UTF8.GetBytes(value, _buffer.GetSpan(length));
        _buffer.Advance(length);
        return this;
    }

    /// <summary>A text that may be missing.</summary>
    public FieldWriter OptionalText(string? value) => value is null ? Byte(0) : Byte(1).Text(value);

    /// <summary>Bytes whose length both sides know.</summary>
    public FieldWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _buffer.Write(bytes);
        return this;
    }

    /// <summary>A file's name.</summary>
    public FieldWriter File(FileId id)
    {
        id.Write(_buffer.GetSpan(FileId.Size));
        _buffer.Advance(FileId.Size);
        return this;
    }
}
