using System.Buffers;
using System.Text;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Builds a canonical request in bytes: on the caller's stack first, in a pooled array once that is full.</summary>
internal ref struct CanonicalWriter(Span<byte> initial)
{
    private Span<byte> _bytes = initial;
    private byte[]? _rented;
    private int _length;

    public readonly int Length => _length;

    public readonly ReadOnlySpan<byte> Written => _bytes[.._length];

    public void Append(byte value) => Reserve(1)[0] = value;

    public void Append(scoped ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    /// <summary>Appends ASCII, or text as received, one byte a character.</summary>
    public void AppendLatin1(scoped ReadOnlySpan<char> text) => Encoding.Latin1.GetBytes(text, Reserve(text.Length));

    public void AppendHex(scoped ReadOnlySpan<byte> bytes) => Convert.TryToHexStringLower(bytes, Reserve(bytes.Length * 2), out _);

    public void AppendPercentEncoded(byte value)
    {
        var target = Reserve(3);
        target[0] = (byte)'%';
        target[1] = HexDigit(value >> 4);
        target[2] = HexDigit(value & 15);
    }

    public void Clear() => _length = 0;

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
        }

        _bytes = default;
    }

    private static byte HexDigit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);

    private Span<byte> Reserve(int count)
    {
        if (_length + count > _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _length + count));
            Written.CopyTo(larger);
            if (_rented is not null)
            {
                ArrayPool<byte>.Shared.Return(_rented);
            }

            _bytes = _rented = larger;
        }

        var target = _bytes.Slice(_length, count);
        _length += count;
        return target;
    }
}
