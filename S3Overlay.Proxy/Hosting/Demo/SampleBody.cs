using System.Runtime.InteropServices;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Hosting.Demo;

/// <summary>Bytes made as they are read: the same every time, and such that nothing could make them smaller.</summary>
internal sealed class SampleBody : S3Body
{
    private readonly ReadOnlyMemory<byte> _fixed;
    private readonly long _length;
    private ulong _state = 0x9E3779B97F4A7C15;
    private long _position;

    /// <summary>Bytes of one's own.</summary>
    public SampleBody(ReadOnlyMemory<byte> bytes) => (_fixed, _length) = (bytes, bytes.Length);

    /// <summary>So many made-up bytes.</summary>
    public SampleBody(long length) => _length = length;

    /// <inheritdoc/>
    public override long? Length => _length;

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = (int)Math.Min(buffer.Length, _length - _position);
        if (_fixed.Length > 0)
        {
            _fixed.Slice((int)_position, count).CopyTo(buffer);
        }
        else
        {
            Fill(buffer.Span[..count]);
        }

        _position += count;
        return new(count);
    }

    /// <summary>Marsaglia's xorshift64.</summary>
    private void Fill(Span<byte> buffer)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(buffer);
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = Next();
        }

        for (var i = words.Length * 8; i < buffer.Length; i++)
        {
            buffer[i] = (byte)Next();
        }
    }

    private ulong Next()
    {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return _state;
    }
}
