using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Tests.Support;

/// <summary>A body of known bytes, handed out in pieces of a size that fits nothing.</summary>
public sealed class BytesBody(byte[] bytes, int piece = 70_001) : S3Body
{
    private int _position;

    /// <summary>The error at the end of the body, such as a wrong digest.</summary>
    public S3Exception? EndsWith { get; init; }

    /// <summary>The checksum that came with it.</summary>
    public BodyChecksum? Came { get; init; }

    public override long? Length => bytes.Length;

    public override BodyChecksum? Checksum => _position == bytes.Length ? Came : null;

    public override ChecksumAlgorithm? ComingChecksum => Checksum is null ? Came?.Algorithm : null;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = Math.Min(Math.Min(buffer.Length, piece), bytes.Length - _position);
        if (read == 0 && buffer.Length > 0 && EndsWith is { } failure)
        {
            throw failure;
        }

        bytes.AsSpan(_position, read).CopyTo(buffer.Span);
        _position += read;
        return new(read);
    }
}
