using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Tests.Support;

/// <summary>A stream that delivers its bytes in given pieces, as a network might, and then ends or fails.</summary>
internal sealed class SlicedStream(byte[] bytes, Func<int, int> pieceAt, Exception? failure = null) : ForwardStream
{
    private int _position;

    /// <summary>The largest requested piece, which went straight into the reader's buffer.</summary>
    public int LargestRequest { get; private set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LargestRequest = Math.Max(LargestRequest, buffer.Length);
        if (_position == bytes.Length)
        {
            return failure is null ? new(0) : ValueTask.FromException<int>(failure);
        }

        var count = Math.Min(Math.Min(buffer.Length, bytes.Length - _position), Math.Max(1, pieceAt(_position)));
        bytes.AsSpan(_position, count).CopyTo(buffer.Span);
        _position += count;
        return new(count);
    }
}
