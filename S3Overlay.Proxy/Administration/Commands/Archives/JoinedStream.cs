using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary>A line, and then the bytes of a stream, which stays open.</summary>
internal sealed class JoinedStream(ReadOnlyMemory<byte> line, Stream? then) : ForwardStream
{
    private ReadOnlyMemory<byte> _line = line;

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_line.Length == 0)
        {
            return then?.ReadAsync(buffer, cancellationToken) ?? new(0);
        }

        var count = Math.Min(_line.Length, buffer.Length);
        _line[..count].CopyTo(buffer);
        _line = _line[count..];
        return new(count);
    }
}
